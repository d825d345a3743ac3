package io.lispfabric.server.core;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.SharedKey;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What the tests of the core speak of: one site, its xTRs, and what they say. */
final class Fixture {
    static final long ORIGIN = 7;
    static final long TEMPORARY_MILLIS = 900_000;
    static final Room ROOM = new Room(1_000, 1_000, 1_000);
    static final long LIFETIME_MILLIS = 180_000; // RFC 9301 §8.2
    static final Credentials KEY = new Credentials("POD-D", 1, 3, 16);

    private Fixture() {}

    static XtrIdentity xtr(int number) {
        return new XtrIdentity(new XtrId(0, number), new SiteId(4));
    }

    static Ip ip(String text) {
        return Ip.parse(text);
    }

    static Eid eid(String text) {
        return Eid.parse(text, new InstanceId(1));
    }

    static MappingRecord record(String eid, int minutes, String... rlocs) {
        return MappingRecord.of(
                new RecordTtl(minutes),
                eid(eid),
                Arrays.stream(rlocs).map(rloc -> Locator.of(Rloc.of(rloc), 1, 100)).toList());
    }

    /** An xTR registers, asks for proxy replies and for merging, and wants to be answered. */
    static Command.Register register(
            int xtr, long nonce, long atMillis, List<MappingRecord> records) {
        return register(xtr, nonce, atMillis, true, records);
    }

    static Command.Register register(
            int xtr, long nonce, long atMillis, boolean proxy, List<MappingRecord> records) {
        return new Command.Register(
                ORIGIN,
                atMillis,
                KEY,
                NonceCheck.PER_XTR,
                Optional.of(xtr(xtr)),
                new Nonce(nonce),
                proxy,
                false,
                true,
                true,
                false,
                LIFETIME_MILLIS,
                ip("192.0.2." + xtr),
                4342,
                TEMPORARY_MILLIS,
                records);
    }

    /** The same by an xTR that does not ask to be merged. */
    static Command.Register alone(Command.Register it) {
        return with(it, it.nonceCheck(), false);
    }

    /** The same by a legacy peer that chooses nonces as it likes. */
    static Command.Register unchecked(Command.Register it) {
        return with(it, NonceCheck.NONE, it.mergeRequest());
    }

    private static Command.Register with(
            Command.Register it, NonceCheck check, boolean mergeRequest) {
        return new Command.Register(
                it.origin(),
                it.atMillis(),
                it.credentials(),
                check,
                it.identity(),
                it.nonce(),
                it.proxyReply(),
                it.securityCapable(),
                mergeRequest,
                it.wantMapNotify(),
                it.ttlForTimeout(),
                it.lifetimeMillis(),
                it.source(),
                it.port(),
                it.bereavedMillis(),
                it.records());
    }

    static Command.Subscribe subscribe(int xtr, long nonce, String eid, String... itrRlocs) {
        return new Command.Subscribe(
                ORIGIN,
                0,
                KEY,
                xtr(xtr),
                new Nonce(nonce),
                Arrays.stream(itrRlocs).map(Fixture::ip).toList(),
                4342,
                eid(eid),
                0,
                Optional.empty(),
                false,
                TEMPORARY_MILLIS,
                ROOM);
    }

    /** A state in which xTR 1 registers each of these alone, with proxy replies. */
    static MappingSystem registered(String... eids) {
        return registered(true, eids);
    }

    static MappingSystem registered(boolean proxy, String... eids) {
        var state = MappingSystem.EMPTY;
        long nonce = 1;
        for (var eid : eids) {
            var records = List.of(record(eid, 1440, "192.0.2.1"));
            state = state.apply(register(1, nonce++, 0, proxy, records)).next();
        }
        return state;
    }

    static Site site(String name, int siteId, SitePrefix... prefixes) {
        var key = SharedKey.of(1, Bytes.of(new byte[16]));
        return new Site(name, new SiteId(siteId), List.of(key), List.of(prefixes), true);
    }

    /** EIDs of segment 1 that may be registered, with all inside them. */
    static SitePrefix plain(String prefix) {
        return SitePrefix.parse(new InstanceId(1), prefix, true, false);
    }

    static SitePrefix accelerators(String prefix) {
        return SitePrefix.parse(new InstanceId(1), prefix, true, true);
    }

    static Sites sites(SitePrefix... prefixes) {
        return new Sites(List.of(site("POD-D", 4, prefixes)), false);
    }
}
