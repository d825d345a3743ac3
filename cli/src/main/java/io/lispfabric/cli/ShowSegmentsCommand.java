package io.lispfabric.cli;

import io.lispfabric.server.api.InccGroup;
import io.lispfabric.server.api.ListSegmentsRequest;
import io.lispfabric.server.api.Segment;
import io.lispfabric.server.api.SegmentServiceGrpc;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the Instance IDs are for, and what lives in them. */
@Command(
        name = "segments",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "The segments: their networks, INCC groups, sites, and what is in them.")
final class ShowSegmentsCommand extends ShowCommand.Asking {
    @Option(
            names = {"-i", "--iid"},
            paramLabel = "IID",
            description = "only this Instance ID")
    private Optional<Integer> iid = Optional.empty();

    @Override
    public Integer call() throws CommandFailure {
        var request = ListSegmentsRequest.newBuilder();
        iid.ifPresent(request::setIid);
        var answer =
                AdminApi.ask(
                        addresses(),
                        patience(),
                        channel ->
                                SegmentServiceGrpc.newBlockingStub(channel).list(request.build()));
        var table =
                new Table()
                        .right("IID")
                        .left("NAME")
                        .left("DOMAIN")
                        .left("SERVED")
                        .left("SITES")
                        .left("UNKNOWN EIDS")
                        .right("MAPPINGS")
                        .right("SUBSCRIPTIONS")
                        .left("INCC DOMAIN")
                        .left("INCC GROUPS");
        answer.getSegmentsList().forEach(it -> row(table, it));
        return show(answer, table, false);
    }

    private static void row(Table table, Segment it) {
        table.row(
                Integer.toString(it.getIid()),
                it.getName(),
                it.getDomain(),
                yes(it.getServed()),
                String.join(",", it.getSitesList()),
                it.getUnknownEids(),
                Long.toString(it.getMappings()),
                Long.toString(it.getSubscriptions()),
                it.getInccDomain(),
                it.getInccGroupsList().stream()
                        .map(ShowSegmentsCommand::group)
                        .collect(Collectors.joining("; ")));
    }

    /** {@code reduce-7 all-reduce,gather (2)}: its members are in the JSON. */
    private static String group(InccGroup it) {
        var collectives = String.join(",", it.getCollectivesList());
        return it.getName()
                + (collectives.isEmpty() ? "" : " " + collectives)
                + " ("
                + it.getMembersCount()
                + ")";
    }
}
