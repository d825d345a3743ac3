package io.lispfabric.xtr.core;

import java.util.ArrayList;
import java.util.List;

/** What one input led to, in the order in which it is to be done. */
public record Outcome(List<Transmission> send, List<XtrEvent> events, List<Drop> drops) {
    public Outcome {
        send = List.copyOf(send);
        events = List.copyOf(events);
        drops = List.copyOf(drops);
    }

    static Outcome nothing() {
        return new Outcome(List.of(), List.of(), List.of());
    }

    static Outcome dropped(Drop why) {
        return new Outcome(List.of(), List.of(), List.of(why));
    }

    /** One after the other. */
    Outcome and(Outcome next) {
        return new Outcome(
                joined(send, next.send), joined(events, next.events), joined(drops, next.drops));
    }

    private static <T> List<T> joined(List<T> one, List<T> other) {
        var both = new ArrayList<>(one);
        both.addAll(other);
        return both;
    }
}
