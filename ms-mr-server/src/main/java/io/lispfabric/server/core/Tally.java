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

    /** Whether there may be one more, which is {@code proven} to come from the xTR or not. */
    boolean leaves(Room room, BitKey xtr, boolean proven) {
        return (proven || asking < room.mostUnconfirmed())
                && kept < room.most()
                && keptByXtr.get(xtr).orElse(0) < room.mostPerXtr();
    }
}
