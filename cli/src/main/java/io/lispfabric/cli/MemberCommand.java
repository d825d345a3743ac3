package io.lispfabric.cli;

import io.grpc.Channel;
import io.lispfabric.server.api.AddMemberRequest;
import io.lispfabric.server.api.ClusterServiceGrpc;
import io.lispfabric.server.api.DrainMemberRequest;
import io.lispfabric.server.api.RemoveMemberRequest;
import io.lispfabric.server.api.TransferLeadershipRequest;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who is in a cluster, shown, and changed one member at a time. */
@Command(
        name = "member",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Who is in the cluster, by the admin API of any member (--endpoints).",
        subcommands = {
            MemberCommand.ListAll.class,
            MemberCommand.Add.class,
            MemberCommand.Remove.class,
            MemberCommand.TransferLeader.class,
            MemberCommand.Drain.class,
            MemberCheckCommand.class
        })
final class MemberCommand {
    MemberCommand() {}

    /** The same as {@code show members}, where those look who change members. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "The members of the cluster, as every endpoint sees itself and the others.",
                "Name all members in --endpoints to see everything of each. The same as show members."
            })
    static final class ListAll extends ShowMembersCommand {}

    /** One change. */
    abstract static class Change extends ShowCommand.Asking {
        /** A newcomer may have a whole snapshot to load. */
        private static final Duration WAIT = Duration.ofMinutes(2);

        @Parameters(index = "0", paramLabel = "NAME", description = "the member")
        private String name = "";

        final String name() {
            return name;
        }

        abstract void make(Channel channel);

        /** What is so afterwards. */
        abstract String done();

        @Override
        public Integer call() throws CommandFailure {
            AdminApi.ask(
                    addresses(),
                    globals().timeout(WAIT),
                    channel -> {
                        make(channel);
                        return name;
                    });
            if (globals().json()) {
                print(Json.object().put("member", name).put("done", done()));
            } else {
                out().println(name + " " + done());
                out().flush();
            }
            return ExitCode.OK;
        }
    }

    /** One more. */
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Add a server that runs with a new name, an empty data folder, and itself among its peers.",
                "It gets the log first and votes once it has caught up. The name of a member that was removed is refused."
            })
    static final class Add extends Change {
        @Parameters(
                index = "1",
                paramLabel = "HOST:PORT",
                description = "where the other members reach it")
        private String address = "";

        @Override
        void make(Channel channel) {
            var request = AddMemberRequest.newBuilder().setId(name()).setAddress(address).build();
            var _ = ClusterServiceGrpc.newBlockingStub(channel).addMember(request);
        }

        @Override
        String done() {
            return "is a member and votes";
        }
    }

    /** One less. */
    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Take a member out for good. Stop it then: its name is not to be used again.",
                "This is also how a member goes whose disk was lost."
            })
    static final class Remove extends Change {
        @Override
        void make(Channel channel) {
            var request = RemoveMemberRequest.newBuilder().setId(name()).build();
            var _ = ClusterServiceGrpc.newBlockingStub(channel).removeMember(request);
        }

        @Override
        String done() {
            return "is no member any more";
        }
    }

    /** Another leader. */
    @Command(
            name = "transfer-leader",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = "Make a member the leader.")
    static final class TransferLeader extends Change {
        @Override
        void make(Channel channel) {
            var request = TransferLeadershipRequest.newBuilder().setId(name()).build();
            var _ = ClusterServiceGrpc.newBlockingStub(channel).transferLeadership(request);
        }

        @Override
        String done() {
            return "leads";
        }
    }

    /** Nothing more for a member to do than it must. */
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = {
                "Take a member out of service, for maintenance: it hands the lead over and leads only if nobody else can,",
                "and /readyz says 503, so that traffic goes elsewhere. It votes, has the log, and answers whoever asks it.",
                "It stays so when it is restarted; --undo ends it."
            })
    static final class Drain extends Change {
        @Option(names = "--undo", description = "put it back into service")
        private boolean undo;

        @Override
        void make(Channel channel) {
            var request = DrainMemberRequest.newBuilder().setId(name()).setUndo(undo).build();
            var _ = ClusterServiceGrpc.newBlockingStub(channel).drainMember(request);
        }

        @Override
        String done() {
            return undo ? "is back in service" : "is drained";
        }
    }
}
