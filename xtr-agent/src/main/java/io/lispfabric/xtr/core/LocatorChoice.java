package io.lispfabric.xtr.core;

import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.ReplicationListEntry;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The locators of one mapping that packets may go to: reachable, of a priority other than 255, and
 * among those the best priority (RFC 9300 §9); a flow keeps to one of them, and weights decide how
 * many flows each one gets.
 */
public final class LocatorChoice {
    private final List<Forwarding.Decision> decisions;
    private final int[] upTo;

    private LocatorChoice(List<Forwarding.Decision> decisions, int... upTo) {
        this.decisions = decisions;
        this.upTo = upTo;
    }

    /**
     * What a record means to the xTR at {@code own}.
     *
     * @param negative what to do without locators when the record's action does not say
     */
    static LocatorChoice of(MappingRecord record, LispAddress.Ip own, Action negative) {
        if (record.isNegative()) {
            var action = record.action() == Action.NO_ACTION ? negative : record.action();
            return always(Drop.of(action), action == Action.SEND_MAP_REQUEST);
        }
        if (record.eid().prefix().family() == EidPrefix.Family.GROUP) {
            return new LocatorChoice(List.of(replication(record, own)), 1);
        }
        // A pxTR sees its own subnet registered. Whatever it has nothing more specific for would
        // come back to it, or go round among the pxTRs of the PoD: it leads nowhere.
        if (record.locators().stream().anyMatch(it -> it.rloc().ip().equals(own.ip()))) {
            return always(Drop.OWN_RLOC, true);
        }
        var usable = record.locators().stream().filter(Locator::isUsable).toList();
        var best = usable.stream().min(Comparator.comparingInt(Locator::priority));
        if (best.isEmpty()) {
            return always(Drop.NO_USABLE_LOCATOR, false);
        }
        return among(usable.stream().filter(it -> it.priority() == best.get().priority()).toList());
    }

    /** RFC 8378 §9: an ITR replicates to the lowest level; the others are for those after it. */
    private static Forwarding.Decision replication(MappingRecord record, LispAddress.Ip own) {
        var entries =
                record.locators().stream()
                        .filter(it -> it.reachable() && it.priority() != Locator.UNUSABLE)
                        .map(it -> it.rloc().address())
                        .flatMap(it ->
                                it instanceof ReplicationListEntry(var list)
                                        ? list.stream()
                                        : Stream.empty())
                        .filter(it ->
                                it.address().ip().filter(LispAddress.Ip::isUnicast).isPresent())
                        .toList();
        int lowest = entries.stream().mapToInt(ReplicationListEntry.Entry::level).min().orElse(0);
        return new Forwarding.Decision.Replicate(
                entries.stream()
                        .filter(it -> it.level() == lowest)
                        .map(it -> it.address().ip().orElseThrow())
                        .filter(it -> !it.equals(own))
                        .distinct()
                        .map(it -> new Forwarding.Decision.Encapsulate(it, it.toInetAddress()))
                        .toList());
    }

    private static LocatorChoice always(Drop why, boolean resolve) {
        return new LocatorChoice(List.of(new Forwarding.Decision.Discard(why, resolve)), 1);
    }

    private static LocatorChoice among(List<Locator> locators) {
        boolean weighted = locators.stream().anyMatch(it -> it.weight() > 0);
        var upTo = new int[locators.size()];
        int sum = 0;
        for (int i = 0; i < upTo.length; i++) {
            // All weights 0 leaves the choice to us (RFC 9300 §9): equal shares.
            sum += weighted ? locators.get(i).weight() : 1;
            upTo[i] = sum;
        }
        return new LocatorChoice(
                locators.stream()
                        .map(it -> it.rloc().ip().orElseThrow())
                        .<Forwarding.Decision>map(
                                ip -> new Forwarding.Decision.Encapsulate(ip, ip.toInetAddress()))
                        .toList(),
                upTo);
    }

    /** The decision for all packets of a flow. */
    public Forwarding.Decision select(int flow) {
        if (upTo.length == 1) {
            return decisions.getFirst();
        }
        // Neighbouring flows must not share their fate, so the bits are mixed first.
        int mixed = flow * 0x9E37_79B9;
        int share = Integer.remainderUnsigned(mixed ^ mixed >>> 15, upTo[upTo.length - 1]);
        int i = 0;
        while (share >= upTo[i]) {
            i++;
        }
        return decisions.get(i);
    }

    /** Whether the mapping is of no use to this xTR because it names its own RLOC. */
    boolean leadsNowhere() {
        return decisions.getFirst() instanceof Forwarding.Decision.Discard(var why, _)
                && why == Drop.OWN_RLOC;
    }
}
