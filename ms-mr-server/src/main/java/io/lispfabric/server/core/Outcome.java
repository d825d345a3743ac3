package io.lispfabric.server.core;

import java.util.List;

/**
 * What a command led to: the next state, the rows that make it out of the last one, and what is to
 * be sent.
 */
public record Outcome(MappingSystem next, List<Change> changes, List<Effect> effects) {
    public Outcome {
        changes = List.copyOf(changes);
        effects = List.copyOf(effects);
    }
}
