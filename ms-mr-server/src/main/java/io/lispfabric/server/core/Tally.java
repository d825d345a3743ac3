package io.lispfabric.server.core;

/**
 * How many subscribers there are.
 *
 * @param asking those that have only asked
 * @param kept all others
 * @param keptByXtr the same for each xTR
 */
record Tally(int asking, int kept, PrefixMap<Integer> keptByXtr) {
    static final Tally EMPTY = new Tally(0, 0, PrefixMap.empty());

    /** One more or less of that standing. */
    Tally plus(Listener.Standing standing, BitKey xtr, int count) {
        if (standing == Listener.Standing.ASKED) {
            return new Tally(asking + count, kept, keptByXtr);
        }
        int its = keptByXtr.get(xtr).orElse(0) + count;
        return new Tally(
                asking, kept + count, its == 0 ? keptByXtr.without(xtr) : keptByXtr.with(xtr, its));
    }

    /** What these leave of a room; what is kept elsewhere counts there. */
    Room left(Room room, BitKey xtr) {
        return new Room(
                Math.max(0, room.mostUnconfirmed() - asking),
                Math.max(0, room.mostPerXtr() - keptByXtr.get(xtr).orElse(0)),
                Math.max(0, room.most() - kept));
    }

    /** What speaks for it that it is the xTR that asks. */
    enum Proof {
        NONE,
        /** An xTR of that name has registered; who knows it may pretend to be it. */
        REGISTRATION,
        ASSOCIATION
    }

    /** Whether there may be one more. Strangers cannot take all the places of those that wait. */
    boolean leaves(Room room, BitKey xtr, Proof proof) {
        int most = room.mostUnconfirmed();
        boolean place =
                switch (proof) {
                    case NONE -> asking < most - most / 4;
                    case REGISTRATION -> asking < most;
                    case ASSOCIATION -> true;
                };
        return place && kept < room.most() && keptByXtr.get(xtr).orElse(0) < room.mostPerXtr();
    }
}
