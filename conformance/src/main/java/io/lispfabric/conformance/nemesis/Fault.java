package io.lispfabric.conformance.nemesis;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is done to the cluster for a while.
 *
 * @param whom who it is done to; who leads is looked at when it begins
 * @param millis for how long
 */
record Fault(Kind kind, Whom whom, int millis) {
    /** Kinds of fault, as the user names them. */
    enum Family {
        KILL,
        STOP,
        PARTITION,
        ONE_WAY,
        DISK,
        SLOW,
        TRANSFER,
        RESTART,
        MEMBERS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** What the user calls so. */
        static Optional<Family> of(String text) {
            return List.of(values()).stream().filter(it -> it.toString().equals(text)).findFirst();
        }
    }

    /** What happens. */
    enum Kind {
        /** {@code kill -9}, and started again at the end. */
        KILL(Family.KILL),
        /** SIGSTOP, and SIGCONT at the end. */
        STOP(Family.STOP),
        /** No datagram between it and the other members, in either direction. */
        CUT_OFF(Family.PARTITION),
        /** The same, and none between it and the xTRs. */
        CUT_OFF_WHOLLY(Family.PARTITION),
        /** None between it and one other member. */
        CUT_ONE_LINK(Family.PARTITION),
        /** It hears the other members, and they do not hear it. */
        DUMB(Family.ONE_WAY),
        /** The other members hear it, and it does not hear them. */
        DEAF(Family.ONE_WAY),
        /** Less is left of its disk than the reserve. */
        DISK_LOW(Family.DISK),
        /** Nothing is left of its disk. */
        DISK_FULL(Family.DISK),
        /** What it sends is delayed. */
        SLOW(Family.SLOW),
        /** It hands over the lead, or takes it. */
        TRANSFER(Family.TRANSFER),
        /** SIGTERM, and started again once it has ended. */
        RESTART(Family.RESTART),
        /** {@code kill -9}, and its disk is gone: at the end another is a member in its place. */
        LOST(Family.MEMBERS),
        /** No member any more while it runs: at the end another is one in its place. */
        REMOVED(Family.MEMBERS);

        private final Family family;

        Kind(Family family) {
            this.family = family;
        }

        Family family() {
            return family;
        }

        /** Whether a process ends by it, and another one has to get ready. */
        boolean ends() {
            return this == KILL || this == RESTART || family == Family.MEMBERS;
        }

        /** Its place among several that end at once: what the others need to end comes first. */
        int endsAs() {
            return switch (family) {
                case DISK -> 0;
                case MEMBERS -> 2;
                default -> 1;
            };
        }

        /** Whether it is done to the process, or to its disk. */
        boolean touches() {
            return ends() || this == STOP || family == Family.DISK;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Who it is done to. */
    enum Whom {
        LEADER,
        FOLLOWER,
        ALL;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Whether the two can be done at once, perhaps to the same member: of one family they would
     * undo each other, and a process that is stopped or gone cannot be told to end. It can be
     * killed while its disk is full.
     */
    boolean goesWith(Fault other) {
        return kind.family() != other.kind.family()
                && (killsOnFullDisk(other)
                        || other.killsOnFullDisk(this)
                        || !(kind.touches() && other.kind.touches()));
    }

    private boolean killsOnFullDisk(Fault other) {
        return kind == Kind.KILL && other.kind.family() == Family.DISK;
    }

    /** As it is shown, and counted: {@code kill leader}. */
    String name() {
        return kind + " " + whom;
    }
}
