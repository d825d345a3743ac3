package io.lispfabric.cli;

import com.google.protobuf.MessageOrBuilder;
import io.lispfabric.server.api.ListMappingsRequest;
import io.lispfabric.server.api.ListSubscriptionsRequest;
import io.lispfabric.server.api.MappingServiceGrpc;
import io.lispfabric.server.api.Registration;
import io.lispfabric.server.api.SubscriptionServiceGrpc;
import io.lispfabric.xtr.api.AgentServiceGrpc;
import io.lispfabric.xtr.api.GetMapCacheRequest;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a program knows, asked over its admin API. */
@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = "Show what a Map-Server or an xTR knows, by its admin API (--endpoints).",
        subcommands = {
            ShowCommand.Mappings.class,
            ShowCommand.Subscriptions.class,
            ShowSegmentsCommand.class,
            ShowMembersCommand.class,
            ShowCommand.MapCache.class
        })
final class ShowCommand {
    ShowCommand() {}

    /** A command that asks. */
    abstract static class Asking extends Subcommand {
        private static final Duration WAIT = Duration.ofSeconds(10);

        final Duration patience() {
            return globals().timeout(WAIT);
        }

        final List<InetSocketAddress> addresses() {
            try {
                return AdminApi.addresses(globals().endpoints());
            } catch (IllegalArgumentException e) {
                throw usage("--endpoints " + e.getMessage());
            }
        }

        /** Prints the answer as JSON, or as a table. */
        final int show(MessageOrBuilder answer, Table table, boolean truncated) {
            if (globals().json()) {
                print(AdminApi.json(answer));
            } else {
                table.lines("", globals().ink()).forEach(out()::println);
                out().flush();
            }
            if (truncated) {
                note("there are more; --limit and --iid choose");
            }
            return ExitCode.OK;
        }

        /** The cells of a locator: RLOC, PRI/WGT, REACHABLE. */
        static List<String> locator(String rloc, int priority, int weight, boolean reachable) {
            return List.of(rloc, priority + "/" + weight, yes(reachable));
        }

        /** A mapping and its locators, one a row; without any, what there is in their place. */
        static void rows(
                Table table, List<String> mapping, List<List<String>> locators, String without) {
            var head = mapping;
            for (var locator : locators.isEmpty() ? List.of(List.of(without, "", "")) : locators) {
                table.row(Stream.concat(head.stream(), locator.stream()).toArray(String[]::new));
                head = Collections.nCopies(mapping.size(), "");
            }
        }

        static String yes(boolean flag) {
            return flag ? "yes" : "no";
        }

        static String time(long unixMillis) {
            return Instant.ofEpochMilli(unixMillis).truncatedTo(ChronoUnit.SECONDS).toString();
        }
    }

    /** Which rows of a list. */
    static final class Rows {
        @Option(
                names = {"-i", "--iid"},
                paramLabel = "IID",
                description = "only of this Instance ID")
        private Optional<Integer> iid = Optional.empty();

        @Option(
                names = "--limit",
                defaultValue = "0",
                paramLabel = "N",
                description = "at most N rows (default: as many as the server gives)")
        private int limit;
    }

    /** What is registered. */
    @Command(
            name = "mappings",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = "All registered mappings, with their locator-sets.")
    static final class Mappings extends Asking {
        @Mixin private Rows rows = new Rows();

        @Override
        public Integer call() throws CommandFailure {
            var request = ListMappingsRequest.newBuilder().setLimit(rows.limit);
            rows.iid.ifPresent(request::setIid);
            var answer =
                    AdminApi.ask(
                            addresses(),
                            patience(),
                            channel ->
                                    MappingServiceGrpc.newBlockingStub(channel)
                                            .list(request.build()));
            var table =
                    new Table()
                            .left("EID")
                            .left("SITE")
                            .right("TTL")
                            .left("PROXY")
                            .right("XTRS")
                            .left("ENDS")
                            .left("RLOC")
                            .right("PRI/WGT")
                            .right("REACHABLE");
            for (var it : answer.getMappingsList()) {
                rows(
                        table,
                        List.of(
                                it.getEid(),
                                it.getSite(),
                                Integer.toUnsignedString(it.getTtlMinutes()) + "m",
                                yes(it.getProxyReply()),
                                Integer.toString(it.getRegistrationsCount()),
                                ends(it.getRegistrationsList())),
                        it.getLocatorsList().stream()
                                .map(way ->
                                        locator(
                                                way.getRloc(),
                                                way.getPriority(),
                                                way.getWeight(),
                                                way.getReachable()))
                                .toList(),
                        "none");
            }
            return show(answer, table, answer.getTruncated());
        }

        /** When the first of them ends unless it is refreshed, which only the leader knows. */
        private static String ends(List<Registration> those) {
            long first = Long.MAX_VALUE;
            for (var it : those) {
                if (!it.hasExpiresUnixMillis()) {
                    return "ask the leader";
                }
                first = Math.min(first, it.getExpiresUnixMillis());
            }
            return time(first);
        }
    }

    /** Who is told of changes. */
    @Command(
            name = "subscriptions",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = "All subscriptions in force (RFC 9437).")
    static final class Subscriptions extends Asking {
        @Mixin private Rows rows = new Rows();

        @Override
        public Integer call() throws CommandFailure {
            var request = ListSubscriptionsRequest.newBuilder().setLimit(rows.limit);
            rows.iid.ifPresent(request::setIid);
            var answer =
                    AdminApi.ask(
                            addresses(),
                            patience(),
                            channel ->
                                    SubscriptionServiceGrpc.newBlockingStub(channel)
                                            .list(request.build()));
            var table =
                    new Table()
                            .left("EID")
                            .left("XTR-ID")
                            .right("SITE-ID")
                            .left("ITR-RLOCS")
                            .right("PORT")
                            .left("NONCE")
                            .right("UNACKED")
                            .left("SINCE");
            for (var it : answer.getSubscriptionsList()) {
                table.row(
                        it.getEid(),
                        it.getXtrId(),
                        Long.toUnsignedString(it.getSiteId()),
                        String.join(",", it.getItrRlocsList()),
                        Integer.toString(it.getPort()),
                        it.getNonce(),
                        Integer.toUnsignedString(it.getOutstanding()),
                        time(it.getSinceUnixMillis()));
            }
            return show(answer, table, answer.getTruncated());
        }
    }

    /** What an xTR has learnt. */
    @Command(
            name = "map-cache",
            mixinStandardHelpOptions = true,
            addMethodSubcommands = false,
            description = "The map-cache of an xTR: --endpoints is its admin address.")
    static final class MapCache extends Asking {
        @Option(
                names = "--domain",
                defaultValue = "",
                paramLabel = "NAME",
                description = "only what was learnt in this mapping system")
        private String domain = "";

        @Override
        public Integer call() throws CommandFailure {
            var answer =
                    AdminApi.ask(
                            addresses(),
                            patience(),
                            channel ->
                                    AgentServiceGrpc.newBlockingStub(channel)
                                            .getMapCache(
                                                    GetMapCacheRequest.newBuilder()
                                                            .setDomain(domain)
                                                            .build()));
            var table =
                    new Table()
                            .left("DOMAIN")
                            .left("EID")
                            .left("STATE")
                            .right("EXPIRES IN")
                            .left("SUBSCRIBED")
                            .left("BY")
                            .left("RLOC")
                            .right("PRI/WGT")
                            .right("REACHABLE");
            for (var it : answer.getEntriesList()) {
                rows(
                        table,
                        List.of(
                                it.getDomain(),
                                it.getEid(),
                                it.getState(),
                                it.getRemainingMillis() / 1000 + "s",
                                yes(it.getSubscribed()),
                                it.getCause()),
                        it.getLocatorsList().stream()
                                .map(way ->
                                        locator(
                                                way.getRloc(),
                                                way.getPriority(),
                                                way.getWeight(),
                                                way.getReachable()))
                                .toList(),
                        it.getAction());
            }
            return show(answer, table, false);
        }
    }
}
