package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.EidPrefix;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Answers "where is this EID?" from a state, as Map-Server and Map-Resolver in one (RFC 9301 §8.3,
 * §8.4).
 */
public final class MapResolver {
    /** Records of one Map-Reply (RFC 9301 §5.4). */
    private static final int MOST_RECORDS = 255;

    private MapResolver() {}

    /** What is done about a question. */
    public sealed interface Answer {
        /** These records are sent as a Map-Reply. */
        record Reply(List<MappingRecord> records) implements Answer {}

        /**
         * The Map-Request is passed on, unaltered, to the ETR at one of these addresses, the best
         * first.
         */
        record Forward(List<Ip> etrs) implements Answer {}

        /** The Map-Request is passed on, unaltered, to one of these Map-Servers. */
        record Relay(List<Elsewhere.Server> servers) implements Answer {}
    }

    /**
     * The answer for one EID-Prefix.
     *
     * @param room how many octets the records may take together
     */
    public static Answer answer(MappingSystem state, Sites sites, Eid asked, int room) {
        return answer(state, sites, asked, room, Optional.empty());
    }

    /**
     * The answer for one EID-Prefix, to a known xTR.
     *
     * @param asker its ids, if it gives them
     */
    public static Answer answer(
            MappingSystem state, Sites sites, Eid asked, int room, Optional<XtrIdentity> asker) {
        return answer(state, state.longestMatch(asked), sites, asked, room, asker);
    }

    /**
     * The same from the newest state. For a host that is registered itself, which is what most are
     * asked for, its mapping says all.
     */
    public static Answer answer(
            Directory directory, Sites sites, Eid asked, int room, Optional<XtrIdentity> asker) {
        var host = directory.longestMatch(asked).filter(Mapping::isHost);
        var state = directory.current();
        return answer(state, host.or(() -> state.longestMatch(asked)), sites, asked, room, asker);
    }

    private static Answer answer(
            MappingSystem state,
            Optional<Mapping> longest,
            Sites sites,
            Eid asked,
            int room,
            Optional<XtrIdentity> asker) {
        // draft-jain §1: nothing of one domain is told in another, whatever is left of it here.
        if (!sites.segments().serves(asked.iid())) {
            return new Answer.Reply(
                    List.of(MappingRecord.negative(RecordTtl.FIFTEEN_MINUTES, Action.DROP, asked)));
        }
        var elsewhere = sites.elsewhere(asked);
        if (elsewhere.isPresent()) {
            return new Answer.Relay(elsewhere.get().servers());
        }
        if (sites.hasElsewhereWithin(asked)) {
            return first(state, sites, asked, room, asker);
        }
        int least = sites.leastLength(asked);
        var match = longest.filter(it -> it.prefixLength() >= least);
        var outside =
                match.isPresent() ? Optional.<Mapping>empty() : outside(state, sites, asked, asker);
        if (outside.isPresent() && outside.get().proxyReply()) {
            var part = clear(state, sites, asked, 1).part();
            var told = petrs(sites, outside.get().recordFor(part));
            return whole(state, sites, told, asked, room, asker);
        }
        if (match.isEmpty() && outside.isEmpty()) {
            // The subnet around an Unknown Accelerator stays what it is: only a part of it is
            // empty.
            int more = longest.map(it -> it.prefixLength() + 1).orElse(0);
            return whole(state, sites, negative(state, sites, asked, more), asked, room, asker);
        }
        var mapping = match.or(() -> outside).orElseThrow();
        if (mapping.proxyReply()) {
            return withMoreSpecifics(state, sites, mapping, asked, room, asker);
        }
        var etrs = etrs(mapping);
        return etrs.isEmpty()
                ? whole(
                        state,
                        sites,
                        negative(state, sites, asked, mapping.prefixLength()),
                        asked,
                        room,
                        asker)
                : new Answer.Forward(etrs);
    }

    /**
     * A record for a whole EID-Prefix hides nothing that lies inside it (RFC 9301 §5.5): all of
     * that comes along, or, when it does not fit, the answer is the one for the first EID in it.
     *
     * @param told for a block around what was asked, in which nothing else is known; for just what
     *     was asked, when something is known inside
     */
    private static Answer whole(
            MappingSystem state,
            Sites sites,
            MappingRecord told,
            Eid asked,
            int room,
            Optional<XtrIdentity> asker) {
        var inside = inside(state, asked);
        if (inside.isEmpty()) {
            return new Answer.Reply(List.of(told));
        }
        var records = together(told, inside);
        return fit(records, room)
                ? new Answer.Reply(records)
                : first(state, sites, asked, room, asker);
    }

    private static Answer first(
            MappingSystem state, Sites sites, Eid asked, int room, Optional<XtrIdentity> asker) {
        return answer(state, sites, first(asked), room, asker);
    }

    /** The first EID of an EID-Prefix. */
    static Eid first(Eid prefix) {
        return new Eid(prefix.iid(), EidPrefix.of(prefix.prefix().address()));
    }

    /**
     * What is registered inside an EID-Prefix, as far as a Map-Reply could hold it. A group is no
     * prefix that could be asked for in part.
     */
    private static List<Mapping> inside(MappingSystem state, Eid asked) {
        return asked.prefix().family() == EidPrefix.Family.GROUP || asked.equals(first(asked))
                ? List.of()
                : state.mappings().below(BitKey.of(asked), MOST_RECORDS);
    }

    /**
     * What can be said of by one record: the EID-Prefix, if nothing is known inside it, here, by
     * sites or elsewhere, or the first EID in it.
     */
    static Eid askable(MappingSystem state, Sites sites, Eid asked) {
        boolean clear =
                inside(state, asked).isEmpty()
                        && !sites.hasWithin(asked)
                        && !sites.hasElsewhereWithin(asked);
        return clear ? asked : first(asked);
    }

    private static List<MappingRecord> together(MappingRecord outer, List<Mapping> inside) {
        var records = new ArrayList<MappingRecord>();
        records.add(outer);
        inside.forEach(mapping -> records.add(mapping.record()));
        // RFC 9301 §5.5: with one TTL for all they time out together, none hiding what another
        // told.
        var ttl = records.stream().map(MappingRecord::ttl).reduce(RecordTtl::min).orElseThrow();
        records.replaceAll(it ->
                new MappingRecord(
                        ttl,
                        it.action(),
                        it.authoritative(),
                        it.mapVersion(),
                        it.eid(),
                        it.locators()));
        return records;
    }

    private static boolean fit(List<MappingRecord> records, int room) {
        return records.size() <= MOST_RECORDS
                && records.stream().mapToInt(MappingRecord::encodedLength).sum() <= room;
    }

    /**
     * The pETRs that stand for an EID: when nothing else is registered, it is no Unknown
     * Accelerator, and it is not one of them that asks.
     */
    static Optional<Mapping> outside(
            MappingSystem state, Sites sites, Eid asked, Optional<XtrIdentity> asker) {
        return state.outside(asked)
                .filter(_ -> isOutside(sites, asked))
                .filter(it -> !it.isBy(asker));
    }

    /** Whether pETRs may stand for an EID: an accelerator that is not there is not elsewhere. */
    public static boolean isOutside(Sites sites, Eid asked) {
        return sites.configured(asked).filter(SitePrefix::accelerators).isEmpty();
    }

    /** RFC 9301 §5.4 has actions for empty locator-sets only, so this one has to be wished for. */
    private static MappingRecord petrs(Sites sites, MappingRecord told) {
        return sites.actionForUnknown()
                ? new MappingRecord(
                        told.ttl(),
                        Action.UNASSIGNED_6,
                        false,
                        told.mapVersion(),
                        told.eid(),
                        told.locators())
                : told;
    }

    /**
     * What the answer for an EID would be if nothing is known about it, or only who stands for what
     * is outside: then it has locators. Empty when something is known.
     *
     * @param asker the ids of the xTR that wants to know
     */
    public static Optional<MappingRecord> hole(
            MappingSystem state, Sites sites, Eid asked, Optional<XtrIdentity> asker) {
        var outside = outside(state, sites, asked, asker).filter(Mapping::proxyReply);
        if (outside.isPresent()) {
            return Optional.of(outside.get().recordFor(clear(state, sites, asked, 1).part()));
        }
        int least = sites.leastLength(asked);
        var longest = state.longestMatch(asked).map(it -> it.prefixLength());
        return longest.filter(length -> length >= least).isPresent()
                ? Optional.empty()
                : Optional.of(negative(state, sites, asked, longest.map(it -> it + 1).orElse(0)));
    }

    /**
     * The addresses of the ETRs that can be asked themselves, in the order in which an ITR would
     * use them.
     */
    private static List<Ip> etrs(Mapping mapping) {
        return mapping.record().locators().stream()
                .filter(Locator::isUsable)
                .sorted(Comparator.comparingInt(Locator::priority))
                .flatMap(locator -> locator.rloc().ip().stream())
                .toList();
    }

    /**
     * RFC 9301 §5.5: the best match and all its more-specifics go into one Map-Reply. When they do
     * not fit, one record says the same of a smaller part: the largest block around the EID that
     * holds no more-specific one.
     */
    private static Answer withMoreSpecifics(
            MappingSystem state,
            Sites sites,
            Mapping best,
            Eid asked,
            int room,
            Optional<XtrIdentity> asker) {
        if (best.isHost()) {
            return new Answer.Reply(List.of(best.record())); // nothing lies inside it
        }
        var records = together(best.record(), state.mappings().below(best, MOST_RECORDS));
        // What other Map-Servers know inside the best match must not be hidden by it either.
        int clear = sites.clearOfElsewhere(asked);
        if (clear <= best.prefixLength() && fit(records, room)) {
            return new Answer.Reply(records);
        }
        var told = best.record();
        var part = hole(state, asked, Math.max(clear, best.prefixLength()));
        return whole(
                state,
                sites,
                MappingRecord.of(told.ttl(), part, told.locators()),
                asked,
                room,
                asker);
    }

    /**
     * RFC 9301 §8.3: there is nothing; for how long and how much that is so, and what to do with
     * the packets.
     */
    private static MappingRecord negative(MappingSystem state, Sites sites, Eid asked, int least) {
        var clear = clear(state, sites, asked, least);
        var configured = sites.configured(asked);
        return MappingRecord.negative(
                // Registration may come any time for what is configured: RFC 9301 §8.1 wants one
                // minute.
                configured.isPresent() || clear.swallows()
                        ? RecordTtl.ONE_MINUTE
                        : RecordTtl.FIFTEEN_MINUTES,
                sites.drops(asked) ? Action.DROP : Action.NATIVELY_FORWARD,
                clear.part());
    }

    /**
     * A block around an EID in which nothing else is known.
     *
     * @param swallows whether it holds a block that registrations are expected in
     */
    private record Clear(Eid part, boolean swallows) {}

    private static Clear clear(MappingSystem state, Sites sites, Eid asked, int least) {
        // What is configured elsewhere has its own answers: the block ends before it.
        int length =
                Math.max(
                        Math.max(least, sites.clearOfElsewhere(asked)),
                        sites.clearOfConfigured(asked));
        return new Clear(hole(state, asked, length), sites.hasWithin(asked));
    }

    /**
     * A block of at least so many bits around the EID, or the first one, that holds nothing else.
     */
    static Eid part(MappingSystem state, Sites sites, Eid asked, int least) {
        return clear(state, sites, askable(state, sites, asked), least).part();
    }

    /**
     * The shortest prefix of the EID, of at least so many bits, that no registered EID-Prefix lies
     * in (RFC 9301 §8.4).
     */
    private static Eid hole(MappingSystem state, Eid asked, int leastLength) {
        var whole = asked.prefix();
        if (whole.family() != EidPrefix.Family.IPV4 && whole.family() != EidPrefix.Family.IPV6) {
            return asked; // none of the others has a structure that a block of unknown ones would
            // follow
        }
        int length =
                Math.max(
                        leastLength,
                        state.mappings().holeLength(BitKey.of(asked)) - BitKey.EID_HEADER);
        return new Eid(
                asked.iid(), new EidPrefix(whole.address(), Math.min(whole.length(), length)));
    }
}
