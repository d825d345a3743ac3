package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.EtcdBench;
import io.lispfabric.conformance.bench.RaftBench;
import io.lispfabric.conformance.bench.RaftBench.Measured;
import io.lispfabric.conformance.bench.RaftBench.Registering;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Durable registrations beside the bare disk, etcd, and a peer that keeps them in memory. */
@Command(
        name = "raft",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false,
        description = {
            "Move EIDs at the leader of a cluster, each by an authenticated Map-Register, and show how"
                    + " many Map-Notifies come back in a second, how soon, and for how many fdatasyncs;"
                    + " in turn with the bare disk, puts to etcd, and Map-Registers to another server.",
            AskingCommand.NEEDS + ".",
            "conformance/bench/raft.sh starts all of them."
        })
final class RaftCommand extends Subcommand {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** What is made beforehand for each second of a closed loop. */
    private static final int MOST_PER_SECOND = 60_000;

    private static final String SYNCS = "lisp_log_syncs";

    @Parameters(
            arity = "1..*",
            paramLabel = "ADDRESS:PORT/HTTP-PORT",
            description = "members of one cluster: where they listen for LISP, and for HTTP")
    private List<String> members = List.of();

    @Mixin private final BenchSite site = new BenchSite();

    @Option(
            names = "--disk",
            paramLabel = "FOLDER",
            required = true,
            description = "a folder on the file system of the members' data")
    private Path disk = Path.of("");

    @Option(
            names = "--etcd",
            paramLabel = "ADDRESS:PORT",
            split = ",",
            description = "where members of etcd listen for clients")
    private List<String> etcd = List.of();

    @Option(
            names = "--memory",
            paramLabel = "ADDRESS:PORT",
            description =
                    "a Map-Server that keeps registrations in memory, knows HMAC-SHA-1 of full length"
                            + " alone and no xTR-ID: Open Overlay Router")
    private Optional<String> memory = Optional.empty();

    @Option(
            names = "--memory-from",
            paramLabel = "ADDRESS:PORT",
            description = "where Map-Registers to it come from")
    private Optional<String> memoryFrom = Optional.empty();

    @Option(
            names = "--outstanding",
            paramLabel = "N",
            defaultValue = "1024",
            description = "under way at once in closed loops (default: 1024)")
    private int outstanding = 1024;

    @Option(
            names = "--xtrs",
            paramLabel = "N",
            defaultValue = "4096",
            description = "xTRs, each with an EID, and keys of etcd (default: 4096)")
    private int xtrs = 4096;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "times through all (default: 5)")
    private int rounds = 5;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "4",
            description = "of each measurement (default: 4)")
    private double seconds = 4;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "20",
            description = "of the closed loops beforehand (default: 20)")
    private double warmUp = 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    /** A member, and its metrics. */
    private record Member(InetSocketAddress lisp, URI metrics) {}

    @Override
    public Integer call() throws CommandFailure {
        if (outstanding < 1 || xtrs < outstanding || xtrs > 1 << 20) {
            throw usage(
                    "--outstanding is at least 1, --xtrs at least as many and at most "
                            + (1 << 20));
        }
        if (rounds < 1 || !(seconds > 0) || !(warmUp >= 0)) {
            throw usage("--rounds is at least 1, --seconds more than 0, --warm-up not negative");
        }
        try {
            measure(members.stream().map(this::member).toList());
            return ExitCode.OK;
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        } catch (InterruptedException e) {
            throw new CommandFailure(ExitCode.FAILURE, "interrupted", e);
        }
    }

    private Member member(String text) {
        int slash = text.lastIndexOf('/');
        if (slash < 0) {
            throw usage("not ADDRESS:PORT/HTTP-PORT: '" + text + "'");
        }
        var lisp = address(text.substring(0, slash));
        return new Member(
                lisp,
                URI.create(
                        "http://"
                                + lisp.getAddress().getHostAddress()
                                + ":"
                                + text.substring(slash + 1)
                                + "/metrics"));
    }

    private InetSocketAddress address(String text) {
        try {
            return Settings.socketAddress(text, 4342);
        } catch (IllegalArgumentException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    private void measure(List<Member> cluster)
            throws IOException, InterruptedException, CommandFailure {
        var secret = site.secret();
        var leader = leader(cluster);
        var ours =
                new Registering(
                        leader.lisp(),
                        SharedKey.of(1, secret),
                        site.id(),
                        false,
                        Optional.empty(),
                        xtrs);
        var theirs =
                memory.map(it ->
                        new Registering(
                                address(it),
                                new SharedKey(
                                        1, secret, Set.of(Algorithm.HMAC_SHA1_96), false, false),
                                new SiteId(0),
                                true,
                                memoryFrom.map(this::address),
                                xtrs));
        var puts = etcd.isEmpty() ? Optional.<EtcdBench>empty() : Optional.of(open());
        try {
            warm(ours, puts, theirs);
            for (int round = 0; round < rounds; round++) {
                round(leader, ours, puts, theirs);
            }
        } finally {
            puts.ifPresent(EtcdBench::close);
        }
        summary();
    }

    private EtcdBench open() throws IOException {
        return EtcdBench.open(etcd.stream().map(this::address).toList());
    }

    private void warm(Registering ours, Optional<EtcdBench> puts, Optional<Registering> theirs)
            throws IOException, InterruptedException, CommandFailure {
        if (warmUp > 0) {
            check(ours, RaftBench.closed(ours, outstanding, warmUp, most(warmUp)));
            if (puts.isPresent()) {
                puts.get().closed(outstanding, warmUp / 4, xtrs);
            }
            if (theirs.isPresent()) {
                check(theirs.get(), RaftBench.closed(theirs.get(), memoryWindow(), 1, most(1)));
            }
        }
    }

    /**
     * Nothing is measured of who answers nothing.
     *
     * @throws CommandFailure if nothing was answered
     */
    private static Measured check(Registering how, Measured it) throws CommandFailure {
        if (it.done() == 0) {
            var server = how.server();
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "the server at "
                            + server.getAddress().getHostAddress()
                            + " port "
                            + server.getPort()
                            + " has answered none of "
                            + it.lost()
                            + " Map-Registers. "
                            + AskingCommand.NEEDS);
        }
        return it;
    }

    private static int most(double seconds) {
        return (int) Math.min(4_000_000, Math.max(1, MOST_PER_SECOND * seconds));
    }

    /** It loses what it does not take in at once. */
    private int memoryWindow() {
        return Math.min(outstanding, 64);
    }

    private void round(
            Member leader, Registering ours, Optional<EtcdBench> puts, Optional<Registering> theirs)
            throws IOException, InterruptedException, CommandFailure {
        var disk = show("disk: fdatasync", RaftBench.disk(this.disk, seconds));
        double before = metric(leader, SYNCS);
        var closed =
                show(
                        "ours: Map-Register, closed",
                        check(ours, RaftBench.closed(ours, outstanding, seconds, most(seconds))));
        double syncs = metric(leader, SYNCS) - before;
        keep("ours: fdatasyncs of the leader", syncs * 1e9 / closed.nanos());
        keep("registrations for an fdatasync", closed.done() / Math.max(1, syncs));
        keep("fdatasyncs to those of the bare disk", syncs * 1e9 / closed.nanos() / disk.rate());
        int rate = (int) Math.max(1, closed.rate() / 5);
        var open =
                show(
                        "ours: Map-Register, 20 % of that",
                        check(ours, RaftBench.open(ours, rate, seconds)));
        var lone =
                show(
                        "ours: Map-Register, one by one",
                        check(ours, RaftBench.closed(ours, 1, seconds, 50_000)));
        keep(
                "p99 at 20 % to that of an fdatasync",
                (double) open.times().getValueAtPercentile(99)
                        / disk.times().getValueAtPercentile(99));
        keep(
                "p50 one by one to that of an fdatasync",
                (double) lone.times().getValueAtPercentile(50)
                        / disk.times().getValueAtPercentile(50));
        if (puts.isPresent()) {
            var put = show("etcd: put, closed", puts.get().closed(outstanding, seconds, xtrs));
            keep("registrations to puts", closed.rate() / put.rate());
        }
        if (theirs.isPresent()) {
            var other =
                    show(
                            "in memory: Map-Register, closed",
                            check(
                                    theirs.get(),
                                    RaftBench.closed(
                                            theirs.get(), memoryWindow(), seconds, most(seconds))));
            keep("registrations to those in memory", closed.rate() / other.rate());
        }
    }

    private void keep(String what, double value) {
        values.computeIfAbsent(what, _ -> new ArrayList<>()).add(value);
    }

    private Measured show(String what, Measured it) {
        var times = it.times();
        keep(what + ", a second", it.rate());
        keep(what + ", p50 us", times.getValueAtPercentile(50) / 1e3);
        keep(what + ", p99 us", times.getValueAtPercentile(99) / 1e3);
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-34s %10.0f/s   p50 %8.0f us   p99 %8.0f us   lost %d",
                                    what,
                                    it.rate(),
                                    times.getValueAtPercentile(50) / 1e3,
                                    times.getValueAtPercentile(99) / 1e3,
                                    it.lost()));
            out().flush();
        }
        return it;
    }

    private void summary() {
        var all = new ArrayList<Json>();
        values.forEach((what, list) -> {
            var sorted = list.stream().sorted().toList();
            double median = sorted.get(sorted.size() / 2);
            if (!globals().json()) {
                out().println(
                                BenchCommand.text(
                                        "%-44s %12.2f  (%.2f to %.2f)",
                                        what, median, sorted.getFirst(), sorted.getLast()));
            }
            all.add(
                    Json.object()
                            .put("what", what)
                            .put("median", median)
                            .put("least", sorted.getFirst())
                            .put("most", sorted.getLast()));
        });
        if (globals().json()) {
            print(Json.object().put("raft", all.stream().collect(Json.toArray())));
        }
    }

    private Member leader(List<Member> cluster) throws IOException, InterruptedException {
        for (var member : cluster) {
            if (metric(member, "lisp_log_leader") == 1) {
                return member;
            }
        }
        throw new IOException("none of the members leads");
    }

    private double metric(Member member, String name) throws IOException, InterruptedException {
        return metrics(member)
                .lines()
                .filter(it -> it.startsWith(name + " "))
                .mapToDouble(it -> Double.parseDouble(it.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new IOException(member.metrics() + " has no " + name));
    }

    private String metrics(Member member) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(member.metrics()).timeout(PATIENCE).build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (ConnectException | HttpTimeoutException e) {
            throw new IOException(
                    "nothing answers at " + member.metrics() + ": is a member's HTTP-PORT right?",
                    e);
        }
    }
}
