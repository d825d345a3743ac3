package io.lispfabric.cli;

/**
 * A command that {@link Lispctl} has without knowing it: a module that the cli must not see names a
 * class in {@code META-INF/services/io.lispfabric.cli.AddedCommand} of its jar. The class is
 * public, has a constructor without parameters, and carries picocli's {@code @Command} with its
 * name; it is a {@link Subcommand}, or has subcommands that are.
 */
public interface AddedCommand {}
