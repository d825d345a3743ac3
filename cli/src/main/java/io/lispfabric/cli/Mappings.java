package io.lispfabric.cli;

import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.RecordTtl;
import java.util.List;

/** How a mapping that came in a message is shown. */
final class Mappings {
    private Mappings() {}

    /** {@code [1] 40.0.0.7/32 ttl 1440m}. */
    static String head(MappingRecord record, Ink ink) {
        return ink.bold(Question.text(record.eid())) + "   ttl " + ttl(record.ttl());
    }

    /** {@code [1] 40.0.0.96/28 negative: drop ttl 1m}. */
    static String negativeHead(MappingRecord record, Ink ink) {
        return ink.bold(Question.text(record.eid()))
                + "  "
                + ink.bad("negative: " + record.action().label())
                + "   ttl "
                + ttl(record.ttl());
    }

    private static String ttl(RecordTtl ttl) {
        return ttl.equals(RecordTtl.RECEIVER_DECIDES) ? "receiver decides" : ttl.toString();
    }

    /** The locator-set as a table; no lines when it is empty. */
    static List<String> locators(List<Locator> locators, Ink ink) {
        if (locators.isEmpty()) {
            return List.of();
        }
        var table =
                new Table()
                        .left("RLOC           ")
                        .right("PRI/WGT")
                        .right(" MPRI/MWGT")
                        .right(" LOCAL")
                        .right("PROBED")
                        .right("REACHABLE");
        for (var it : locators) {
            table.row(
                    it.rloc().toString(),
                    it.priority() + "/" + it.weight(),
                    it.multicastPriority() + "/" + it.multicastWeight(),
                    yes(it.local()),
                    yes(it.probed()),
                    yes(it.reachable()));
        }
        return table.lines("  ", ink);
    }

    private static String yes(boolean flag) {
        return flag ? "yes" : "no";
    }

    static Json json(MappingRecord record) {
        return Json.object()
                .put("iid", record.eid().iid().value())
                .put("prefix", Question.prefix(record.eid().prefix()))
                .put("ttlMinutes", Integer.toUnsignedLong(record.ttl().minutes()))
                .put("negative", record.isNegative())
                .put("action", record.action().label())
                .put("authoritative", record.authoritative())
                .put("mapVersion", record.mapVersion())
                .put(
                        "locators",
                        record.locators().stream().map(Mappings::json).collect(Json.toArray()));
    }

    private static Json json(Locator locator) {
        return Json.object()
                .put("rloc", locator.rloc().toString())
                .put("priority", locator.priority())
                .put("weight", locator.weight())
                .put("multicastPriority", locator.multicastPriority())
                .put("multicastWeight", locator.multicastWeight())
                .put("local", locator.local())
                .put("probed", locator.probed())
                .put("reachable", locator.reachable());
    }
}
