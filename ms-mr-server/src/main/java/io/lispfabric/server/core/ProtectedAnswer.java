package io.lispfabric.server.core;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What is done about a question that LISP-SEC protects (RFC 9303 §6.7), and what the Map-Server
 * vouches for in it. The ITR always gets an answer that it can check.
 */
public sealed interface ProtectedAnswer {
    /** The EID-Prefixes of the EID-AD: nothing outside them will be believed (RFC 9303 §6.7.1). */
    List<Eid> vouched();

    /**
     * E: an ETR of these EIDs does not know LISP-SEC, so that a question without it might find more
     * (RFC 9303 §6.1).
     */
    boolean etrCantSign();

    /** A Map-Reply that the Map-Server signs itself (RFC 9303 §6.7.2). */
    record Reply(List<MappingRecord> records, List<Eid> vouched, boolean etrCantSign)
            implements ProtectedAnswer {
        public Reply {
            records = List.copyOf(records);
            vouched = List.copyOf(vouched);
        }
    }

    /** The Map-Request goes on to one of these, the best first, with a key for its answer. */
    record Forward(List<Etr> etrs, List<Eid> vouched, boolean etrCantSign)
            implements ProtectedAnswer {
        public Forward {
            etrs = List.copyOf(etrs);
            vouched = List.copyOf(vouched);
        }
    }

    /** The Map-Request goes on, as it is, to one of these Map-Servers. */
    record Relay(List<Elsewhere.Server> servers) implements ProtectedAnswer {
        public Relay {
            servers = List.copyOf(servers);
        }

        @Override
        public List<Eid> vouched() {
            return List.of(); // those who answer vouch
        }

        @Override
        public boolean etrCantSign() {
            return false;
        }
    }

    /**
     * An ETR that knows LISP-SEC.
     *
     * @param site whose key it has registered with
     * @param keyId which of the site's keys that is
     */
    record Etr(Ip address, String site, int keyId) {}

    /**
     * The answer for one EID-Prefix.
     *
     * @param room how many octets the records may take together
     * @param asker the ids of the xTR that asks, if it gives them
     * @param reaches whether an ETR at this address can be sent to
     */
    static ProtectedAnswer of(
            MappingSystem state,
            Sites sites,
            Eid asked,
            int room,
            Optional<XtrIdentity> asker,
            Predicate<Ip> reaches) {
        int least = sites.leastLength(asked);
        boolean served = sites.segments().serves(asked.iid());
        var match =
                state.longestMatch(asked)
                        .filter(_ -> served)
                        .filter(it -> it.eid().prefix().length() >= least);
        var petrs = MapResolver.outside(state, sites, asked, asker).filter(_ -> served);
        var owner = match.or(() -> petrs);
        // Rule 1: an ETR has left the answer to the Map-Server; nobody could sign better. What is
        // not there has no ETR at all.
        if (owner.filter(it -> !it.proxyReply()).isEmpty()) {
            return switch (MapResolver.answer(state, sites, asked, room, asker)) {
                case MapResolver.Answer.Reply(var records) -> {
                    var vouched =
                            match.map(it -> List.of(it.eid()))
                                    .orElseGet(() ->
                                            records.stream().map(MappingRecord::eid).toList());
                    yield new Reply(records, vouched, false);
                }
                // Only of a prefix, in which there is more than fits: its first EID has an ETR.
                case MapResolver.Answer.Forward _ ->
                        of(state, sites, MapResolver.first(asked), room, asker, reaches);
                case MapResolver.Answer.Relay(var servers) -> new Relay(servers);
            };
        }
        var mapping = owner.orElseThrow();
        // Who stands for what is outside is not believed more than it was asked for.
        var vouched = List.of(match.map(Mapping::eid).orElse(asked));
        boolean cantSign = mapping.registrations().stream().anyMatch(it -> !it.securityCapable());
        // Rule 2: one that can sign is asked, whoever else is there.
        var etrs = etrs(state, mapping).stream().filter(it -> reaches.test(it.address())).toList();
        if (!etrs.isEmpty()) {
            return new Forward(etrs, vouched, cantSign);
        }
        // Rule 3: nobody can. For how long the RFC does not say; an ETR may learn it any time.
        return new Reply(
                List.of(
                        MappingRecord.negative(
                                RecordTtl.ONE_MINUTE,
                                Action.DROP,
                                MapResolver.part(
                                        state,
                                        sites,
                                        asked,
                                        vouched.getFirst().prefix().length()))),
                vouched,
                cantSign);
    }

    private static List<Etr> etrs(MappingSystem state, Mapping mapping) {
        record Way(int priority, Etr etr) {}
        return mapping.registrations().stream()
                .filter(Registration::securityCapable)
                .flatMap(it ->
                        it.locators().stream()
                                .filter(Locator::isUsable)
                                .flatMap(locator ->
                                        locator.rloc().ip().stream()
                                                .map(ip ->
                                                        new Way(
                                                                locator.priority(),
                                                                etr(state, it.registrant(), ip)))))
                .sorted(Comparator.comparingInt(Way::priority))
                .map(Way::etr)
                .toList();
    }

    /** The key that an xTR with ids has last registered with is that of its contact. */
    private static Etr etr(MappingSystem state, Registrant registrant, Ip address) {
        int keyId =
                state.listener(new ListenerId.Member(registrant))
                        .map(it -> it.contact().credentials().keyId())
                        .orElse(registrant.anonymousKeyId());
        return new Etr(address, registrant.site(), keyId);
    }
}
