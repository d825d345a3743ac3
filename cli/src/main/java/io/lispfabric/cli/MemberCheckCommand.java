package io.lispfabric.cli;

import io.lispfabric.server.api.CheckStateRequest;
import io.lispfabric.server.api.CheckStateResponse;
import io.lispfabric.server.api.ClusterServiceGrpc;
import io.lispfabric.server.api.MemberState;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/** Whether the members of a cluster have the same rows. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Have all members hash their rows after one entry of the log, and compare.",
            "Any one member may be asked. Exit code 1 if one differs, 4 if one has not answered in time."
        })
final class MemberCheckCommand extends ShowCommand.Asking {
    private static final Duration WAIT = Duration.ofSeconds(10);

    /** For the way there and back. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private static final int SHOWN = 16;

    @Override
    public Integer call() throws CommandFailure {
        var patience = globals().timeout(WAIT);
        var request =
                CheckStateRequest.newBuilder().setTimeoutMillis((int) patience.toMillis()).build();
        var check =
                AdminApi.ask(
                        addresses(),
                        patience.plus(MARGIN),
                        channel -> ClusterServiceGrpc.newBlockingStub(channel).checkState(request));
        if (globals().json()) {
            print(AdminApi.json(check));
        } else {
            show(check);
        }
        var states = check.getMembersList().stream().map(MemberState::getState).toList();
        if (states.contains("differs") || states.contains("divided")) {
            return ExitCode.FAILURE;
        }
        return states.contains("missing") ? ExitCode.UNREACHABLE : ExitCode.OK;
    }

    private void show(CheckStateResponse check) {
        var table = new Table().left("MEMBER").left("STATE  ").right("ROWS").left("SHA-256");
        for (var it : check.getMembersList()) {
            boolean missing = it.getSha256().isEmpty();
            table.row(
                    it.getId(),
                    it.getState(),
                    missing ? "-" : String.format(Locale.ROOT, "%,d", it.getRows()),
                    missing ? "-" : it.getSha256().substring(0, SHOWN));
        }
        table.lines("", globals().ink()).forEach(out()::println);
        out().println(verdict(check.getMembersList()) + " after entry " + check.getIndex());
        out().flush();
    }

    private static String verdict(List<MemberState> members) {
        if (members.stream().anyMatch(it -> it.getState().equals("divided"))) {
            return "the members differ, and no majority says whose rows are right,";
        }
        long equal = members.stream().filter(it -> it.getState().equals("equal")).count();
        var others =
                members.stream()
                        .filter(it -> !it.getState().equals("equal"))
                        .map(it ->
                                it.getState().equals("differs")
                                        ? it.getId() + " differs"
                                        : it.getId() + " has not answered")
                        .toList();
        return equal
                + (equal == 1 ? " member is" : " members are")
                + " equal"
                + (others.isEmpty() ? "" : ", " + String.join(", ", others) + ",");
    }
}
