package io.lispfabric.cli;

import io.grpc.StatusRuntimeException;
import io.lispfabric.server.api.ClusterServiceGrpc;
import io.lispfabric.server.api.Group;
import io.lispfabric.server.api.Member;
import io.lispfabric.server.api.StatusRequest;
import io.lispfabric.server.api.StatusResponse;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/**
 * The members of a cluster. Each endpoint speaks for itself; of members that are not among the
 * endpoints only what the others know of them is shown.
 */
@Command(
        name = "members",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "The members of the cluster, as every endpoint sees itself and the others.",
            "Name all members in --endpoints to see everything of each."
        })
class ShowMembersCommand extends ShowCommand.Asking {
    /** Whom the leader has not heard for longer may not run. */
    private static final long SILENT_MILLIS = 2_000;

    @Override
    public final Integer call() throws CommandFailure {
        var own = new HashMap<String, StatusResponse>();
        Optional<StatusResponse> best = Optional.empty();
        for (var endpoint : addresses()) {
            try {
                var status =
                        AdminApi.askOne(
                                endpoint,
                                patience(),
                                channel ->
                                        ClusterServiceGrpc.newBlockingStub(channel)
                                                .status(StatusRequest.getDefaultInstance()));
                own.put(status.getMember(), status);
                // The leader knows most of the others; of two the one of the newer term leads.
                if (best.isEmpty() || rank(status) > rank(best.get())) {
                    best = Optional.of(status);
                }
            } catch (StatusRuntimeException e) {
                if (!AdminApi.isUnreachable(e)) {
                    throw AdminApi.failure(endpoint, e);
                }
                note(Sockets.text(endpoint) + ": " + AdminApi.reason(e));
            }
        }
        if (best.isEmpty()) {
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "no member answered. Check that they run and that their admin API listens"
                            + " there; --endpoints names others");
        }
        show(best.get(), own);
        return ExitCode.OK;
    }

    private static long rank(StatusResponse status) {
        boolean leads = status.getLeader().equals(status.getMember());
        return status.getHealthy() ? 2 * status.getTerm() + (leads ? 1 : 0) : -1;
    }

    private void show(StatusResponse best, Map<String, StatusResponse> own) {
        var rows = best.getMembersList().stream().map(it -> new Row(best, it, own)).toList();
        long voters = rows.stream().filter(it -> it.member().getVoter()).count();
        long quorum = voters / 2 + 1;
        long running =
                rows.stream()
                        .filter(it -> it.member().getVoter())
                        .filter(Row::isKnownToRun)
                        .count();
        long spare = Math.max(0, running - quorum);
        if (globals().json()) {
            var json =
                    Json.object()
                            .put("cluster", best.getCluster())
                            .put("leader", best.getLeader())
                            .put("term", Long.toString(best.getTerm()))
                            .put("members", rows.stream().map(Row::json).collect(Json.toArray()))
                            .put("voters", voters)
                            .put("running", running)
                            .put("quorum", quorum)
                            .put("canLose", spare);
            print(
                    best.getGroupsCount() < 2
                            ? json
                            : json.put(
                                    "groups",
                                    best.getGroupsList().stream()
                                            .map(ShowMembersCommand::json)
                                            .collect(Json.toArray())));
            return;
        }
        var table =
                new Table()
                        .left("MEMBER")
                        .left("ADDRESS")
                        .left("ROLE    ")
                        .left("VOTER")
                        .right("TERM")
                        .right("COMMIT")
                        .right("APPLIED")
                        .right("LAG")
                        .right("HEARD")
                        .right("STALE")
                        .right("MAPPINGS")
                        .right("SUBS")
                        .left("HEALTH");
        rows.forEach(row -> table.row(row.cells()));
        own.values().stream()
                .filter(it -> rows.stream().noneMatch(row -> row.id().equals(it.getMember())))
                .forEach(it -> note(it.getMember() + ": " + Row.health(it)));
        table.lines("", globals().ink()).forEach(out()::println);
        out().println(
                        count(rows.size(), "member")
                                + ", "
                                + count(voters, "voter")
                                + (running < voters ? " of which " + running + " known to run" : "")
                                + ", quorum "
                                + quorum
                                + hindrance(best, own, running, quorum)
                                        .map(it -> ": nothing can be registered, since " + it)
                                        .orElse(", can lose " + spare));
        if (best.getGroupsCount() > 1) {
            out().println(
                            best.getGroupsList().stream()
                                    .map(it ->
                                            it.getNumber()
                                                    + " "
                                                    + (it.getLeader().isEmpty()
                                                            ? "none"
                                                            : it.getLeader()))
                                    .collect(Collectors.joining(", ", "leaders by group: ", "")));
        }
        if (running < voters && addresses().size() < voters) {
            note("name all members in --endpoints to know of the others");
        }
        out().flush();
    }

    /** Why the cluster takes nothing at present, as far as is known. */
    private static Optional<String> hindrance(
            StatusResponse best, Map<String, StatusResponse> own, long running, long quorum) {
        if (best.getLeader().isEmpty()) {
            return Optional.of(
                    running < quorum ? "too few are known to run" : "no member leads at present");
        }
        return Optional.ofNullable(own.get(best.getLeader()))
                .map(StatusResponse::getRefuses)
                .filter(it -> !it.isEmpty())
                .map(_ -> "the leader " + best.getLeader() + " refuses it");
    }

    private static Json json(Group it) {
        return Json.object()
                .put("group", it.getNumber())
                .put("leader", it.getLeader())
                .put("term", Long.toString(it.getTerm()))
                .put("commitIndex", Long.toString(it.getCommitIndex()))
                .put("appliedIndex", Long.toString(it.getAppliedIndex()))
                .put("mappings", it.getMappings())
                .put("subscriptions", it.getSubscriptions());
    }

    private static String count(long count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    /** One member: its own word, and what the best informed one says of it. */
    private record Row(StatusResponse best, Member member, Map<String, StatusResponse> all) {
        String id() {
            return member.getId();
        }

        Optional<StatusResponse> own() {
            return Optional.ofNullable(all.get(member.getId()));
        }

        String role() {
            if (member.getId().equals(best.getLeader())) {
                return "leader";
            }
            var said =
                    own().stream()
                            .flatMap(it -> it.getMembersList().stream())
                            .filter(it -> it.getId().equals(member.getId()))
                            .map(Member::getRole)
                            .findFirst()
                            .orElse(member.getRole());
            return said.isEmpty() ? "unknown" : said;
        }

        OptionalLong commit() {
            return own().isPresent()
                    ? OptionalLong.of(own().get().getCommitIndex())
                    : member.hasCommitIndex()
                            ? OptionalLong.of(member.getCommitIndex())
                            : OptionalLong.empty();
        }

        /** What it has itself said to have applied counts more than what others know of its log. */
        OptionalLong lag() {
            var newest =
                    best.getMembersList().stream()
                            .filter(it -> it.getId().equals(best.getMember()))
                            .filter(Member::hasMatchIndex)
                            .findFirst();
            if (own().isPresent() && newest.isPresent()) {
                long behind = newest.get().getMatchIndex() - own().get().getAppliedIndex();
                return OptionalLong.of(Math.max(0, behind));
            }
            return member.hasLag() ? OptionalLong.of(member.getLag()) : OptionalLong.empty();
        }

        /** How long ago the leader has heard it, or whoever is the best informed. */
        OptionalLong heard() {
            return member.hasHeardMillis()
                    ? OptionalLong.of(member.getHeardMillis())
                    : OptionalLong.empty();
        }

        OptionalLong stale() {
            return own().isPresent() && own().get().hasStaleMillis()
                    ? OptionalLong.of(own().get().getStaleMillis())
                    : OptionalLong.empty();
        }

        String health() {
            return own().map(Row::health).orElse(member.getDrained() ? "drained" : "unknown");
        }

        private static String health(StatusResponse own) {
            if (!own.getHealthy()) {
                return own.getReason();
            }
            if (!own.getRefuses().isEmpty()) {
                return "refuses: " + own.getRefuses();
            }
            return own.getUnready().isEmpty() ? "ok" : own.getUnready();
        }

        /** By its own word; or else the leader has heard it, or it is the leader and was heard. */
        boolean isKnownToRun() {
            boolean led = !best.getLeader().isEmpty() && heard().isPresent();
            boolean heard = led && heard().getAsLong() < SILENT_MILLIS;
            // Who answers us and not the leader is none that the cluster can count on.
            return own().map(it -> it.getHealthy() && (heard || !led)).orElse(heard);
        }

        String[] cells() {
            return new String[] {
                member.getId(),
                member.getAddress(),
                role(),
                yes(member.getVoter()),
                own().map(it -> Long.toString(it.getTerm())).orElse("-"),
                number(commit()),
                own().map(it -> number(it.getAppliedIndex())).orElse("-"),
                number(lag()),
                seconds(heard()),
                seconds(stale()),
                own().map(it -> number(it.getMappings())).orElse("-"),
                own().map(it -> number(it.getSubscriptions())).orElse("-"),
                health()
            };
        }

        private static String seconds(OptionalLong millis) {
            return millis.isPresent()
                    ? String.format(Locale.ROOT, "%.1fs", millis.getAsLong() / 1000.0)
                    : "-";
        }

        private static String number(OptionalLong value) {
            return value.isPresent() ? number(value.getAsLong()) : "-";
        }

        private static String number(long value) {
            return String.format(Locale.ROOT, "%,d", value);
        }

        Json json() {
            var json =
                    Json.object()
                            .put("id", member.getId())
                            .put("address", member.getAddress())
                            .put("role", role())
                            .put("voter", member.getVoter())
                            .put("drained", member.getDrained())
                            .put("answered", own().isPresent());
            commit().ifPresent(it -> json.put("commitIndex", Long.toString(it)));
            lag().ifPresent(it -> json.put("lag", Long.toString(it)));
            heard().ifPresent(it -> json.put("heardMillis", Long.toString(it)));
            stale().ifPresent(it -> json.put("staleMillis", Long.toString(it)));
            if (member.hasMatchIndex()) {
                json.put("matchIndex", Long.toString(member.getMatchIndex()));
            }
            own().ifPresent(it ->
                    json.put("term", Long.toString(it.getTerm()))
                            .put("appliedIndex", Long.toString(it.getAppliedIndex()))
                            .put("mappings", Long.toString(it.getMappings()))
                            .put("subscriptions", Long.toString(it.getSubscriptions()))
                            .put("healthy", it.getHealthy())
                            .put("reason", it.getReason())
                            .put("ready", it.getUnready().isEmpty())
                            .put("unready", it.getUnready())
                            .put("refuses", it.getRefuses()));
            own().filter(StatusResponse::hasStateHash)
                    .map(StatusResponse::getStateHash)
                    .ifPresent(it -> json.put("stateHash", AdminApi.json(it)));
            return json;
        }
    }
}
