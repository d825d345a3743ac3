package io.lispfabric.conformance.bench;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The messages that are measured. */
final class Samples {
    private static final XtrIdentity XTR =
            new XtrIdentity(
                    new XtrId(0x0001_0203_0405_0607L, 0x0809_0a0b_0c0d_0e0fL), new SiteId(4));

    private Samples() {}

    /** The shortest there is: an IPv4 EID of segment 0, an IPv4 locator, no xTR-ID. */
    static MapRegister plain(int records) {
        return mapRegister(0, records, false, Optional.empty());
    }

    /** As the xTRs of a fabric send it: an EID of a tenant's segment, and who registers it. */
    static MapRegister tenant(int records) {
        return mapRegister(100, records, false, Optional.of(XTR));
    }

    /** The same with the same locator for all EIDs, the xTR's own. */
    static MapRegister xtr(int records) {
        return mapRegister(100, records, true, Optional.of(XTR));
    }

    private static MapRegister mapRegister(
            int iid, int records, boolean oneLocator, Optional<XtrIdentity> identity) {
        return new MapRegister(
                true,
                false,
                false,
                false,
                true,
                true,
                new Nonce(0x1_0000_0001L),
                new Authentication(1, 3, Bytes.of(new byte[16])),
                IntStream.range(0, records)
                        .mapToObj(i -> record(iid, i, oneLocator ? 0 : i))
                        .toList(),
                identity);
    }

    private static MappingRecord record(int iid, int number, int locator) {
        var eid = Eid.of(iid, "40.0." + number + ".7");
        return MappingRecord.of(
                RecordTtl.ONE_DAY,
                eid,
                List.of(Locator.of(Rloc.of("192.0.2." + (locator + 1)), 1, 50)));
    }
}
