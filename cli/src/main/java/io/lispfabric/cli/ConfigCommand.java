package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.xtr.app.AgentConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Settings files: an example to start from, and what is wrong with one. */
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Write an example of a settings file, or check one.",
        subcommands = {ConfigCommand.Check.class, ConfigCommand.Init.class})
final class ConfigCommand {
    enum Kind {
        ms("Map-Server"),
        xtr("xTR");

        private final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    /** Runs what {@code serve} and {@code agent} run before they open anything. */
    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description =
                    "Say what is wrong with a settings file, by file and line; or that it is good.")
    static final class Check extends Subcommand {
        @Parameters(paramLabel = "FILE", description = "the settings file")
        private Path file = Path.of("");

        @Option(
                names = "--as",
                paramLabel = "ms|xtr",
                description = "what it is for (default: by what is in it)")
        private Optional<Kind> kind = Optional.empty();

        @Override
        public Integer call() throws CommandFailure {
            try {
                var settings = Settings.load(file);
                // Only an xTR has a locator and mapping systems to talk to.
                var meant =
                        kind.orElse(
                                settings.has("rloc") || settings.has("domains")
                                        ? Kind.xtr
                                        : Kind.ms);
                var name =
                        switch (meant) {
                            case ms -> mapServer(settings);
                            case xtr -> AgentConfig.from(settings).name();
                        };
                if (globals().json()) {
                    print(json(true).put("kind", meant.name()).put("name", name));
                } else {
                    out().println(
                                    file
                                            + ": good, the settings of "
                                            + meant.title
                                            + " "
                                            + name
                                            + (meant == Kind.ms && !settings.has("sites")
                                                    ? ", with no site that could register anything"
                                                    : ""));
                }
                return ExitCode.OK;
            } catch (ConfigException e) {
                if (globals().json()) {
                    print(json(false).put("problem", String.valueOf(e.getMessage())));
                }
                throw new CommandFailure(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
            }
        }

        private String mapServer(Settings settings) throws ConfigException {
            var config = ServerConfig.from(settings);
            for (var site : config.sites().sites()) {
                var ids = new HashMap<Bytes, Integer>();
                for (var key : site.keys()) {
                    var other = ids.putIfAbsent(key.secret(), key.keyId());
                    if (other != null) {
                        note(
                                "warning: site %s: Key IDs %d and %d have the same secret"
                                        .formatted(site.name(), other, key.keyId()));
                    }
                }
            }
            return config.member();
        }

        private Json.Obj json(boolean good) {
            return Json.object().put("file", file.toString()).put("good", good);
        }
    }

    /** An example that can be checked and run as it is. */
    @Command(
            name = "init",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Write ms.yaml or xtr.yaml with comments, and a file with a new secret beside it.",
                "Never overwrites anything: exit code 6 when a file is there."
            })
    static final class Init extends Subcommand {
        @Parameters(paramLabel = "ms|xtr", description = "for a Map-Server or an xTR")
        private Kind kind = Kind.ms;

        @Option(
                names = "--dir",
                defaultValue = ".",
                paramLabel = "FOLDER",
                description = "where to (default: here)")
        private Path folder = Path.of("");

        @Override
        public Integer call() throws CommandFailure {
            var settings = folder.resolve(kind + ".yaml");
            var secret = folder.resolve(kind + ".key");
            boolean shared;
            try {
                Files.createDirectories(folder);
                if (Files.exists(settings)) {
                    throw new FileAlreadyExistsException(settings.toString());
                }
                shared = share(secret);
                if (!shared) {
                    SecretFile.write(secret);
                }
                try (var example = example()) {
                    Files.write(settings, example.readAllBytes(), StandardOpenOption.CREATE_NEW);
                }
            } catch (FileAlreadyExistsException e) {
                throw new CommandFailure(
                        ExitCode.CONFLICT,
                        e.getMessage() + " is there already; nothing is written",
                        e);
            } catch (IOException e) {
                throw new CommandFailure(ExitCode.FAILURE, "cannot write the example: " + e, e);
            }
            if (globals().json()) {
                print(
                        Json.object()
                                .put("settings", settings.toString())
                                .put("secret", secret.toString()));
            } else {
                out().println(
                                "wrote "
                                        + settings
                                        + (shared
                                                ? ", and the secret of ms.key to "
                                                : ", and a new secret to ")
                                        + secret);
                if (kind == Kind.xtr && !shared) {
                    out().println(
                                    "the Map-Server's site must have the same secret: put that of"
                                            + " its key file into "
                                            + secret);
                }
                out().println(
                                "next: lispctl "
                                        + (kind == Kind.ms ? "serve" : "agent")
                                        + " -c "
                                        + settings);
            }
            return ExitCode.OK;
        }

        /** An xTR has the secret of its site: that of a Map-Server made here, if there is one. */
        private boolean share(Path secret) throws IOException {
            var other = folder.resolve(Kind.ms + ".key");
            if (kind != Kind.xtr || !Files.exists(other)) {
                return false;
            }
            // With its permissions: nobody else may read it.
            Files.copy(other, secret, StandardCopyOption.COPY_ATTRIBUTES);
            return true;
        }

        private InputStream example() throws IOException {
            var name = "example-" + kind + ".yaml";
            var found = ConfigCommand.class.getResourceAsStream(name);
            if (found == null) {
                throw new IOException(name + " is not in the jar");
            }
            return found;
        }
    }
}
