package io.lispfabric.conformance.command;

import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.SubscriptionBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How much memory subscriptions take. */
@Command(
        name = "subscriptions",
        mixinStandardHelpOptions = true,
        description = "Each of many xTRs subscribed to each of many EIDs: octets of heap for each.")
final class SubscriptionsCommand extends Subcommand {
    @Option(
            names = "--xtrs",
            paramLabel = "N",
            defaultValue = "1000",
            description = "how many subscribe (default: 1000)")
    private int xtrs = 1000;

    @Option(
            names = "--eids",
            paramLabel = "N",
            defaultValue = "1000",
            description = "to so many (default: 1000)")
    private int eids = 1000;

    @Override
    public Integer call() {
        if (xtrs < 1 || eids < 1 || (long) xtrs * eids > 1 << 24) {
            throw usage("--xtrs times --eids must be 1 to " + (1 << 24));
        }
        double octets = SubscriptionBench.octets(xtrs, eids);
        if (globals().json()) {
            print(
                    Json.object()
                            .put("xtrs", xtrs)
                            .put("eids", eids)
                            .put("subscriptionBytes", octets));
        } else {
            out().println(
                            BenchCommand.text(
                                    "%,d subscriptions, octets of heap for each: %.1f",
                                    xtrs * eids, octets));
        }
        return ExitCode.OK;
    }
}
