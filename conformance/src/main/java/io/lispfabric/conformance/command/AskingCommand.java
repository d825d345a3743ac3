package io.lispfabric.conformance.command;

import io.lispfabric.cli.CommandFailure;
import io.lispfabric.cli.ExitCode;
import io.lispfabric.cli.Json;
import io.lispfabric.cli.Subcommand;
import io.lispfabric.conformance.bench.ResolveBench;
import io.lispfabric.conformance.bench.ResolveBench.Target;
import io.lispfabric.lcaf.Bytes;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What all that ask servers have in common. */
abstract class AskingCommand extends Subcommand {
    static final String EIDS =
            "EIDs are 172.16.0.0/32, 172.16.0.1/32 and so on of Instance ID 0, with RLOCs 192.0.2.1"
                    + " and 192.0.2.2, registered without Site-ID and xTR-ID: a site with the secret"
                    + " may register more-specifics of 172.16.0.0/12 there.";

    static final String NEEDS =
            "The site of --site-id may register more-specifics of 172.16.0.0/12 of Instance ID 0,"
                    + " and its key 1 is the secret in --key-file";
    static final String COLUMNS =
            "server us: microseconds of processor time of PID and its children for each answer;"
                    + " asker us: of this side for each question; x: times the median of the first"
                    + " server.";

    /** More of all than what a full socket loses now and then. */
    private static final double MUCH_LOST = 0.1;

    @Parameters(
            arity = "1..*",
            paramLabel = "NAME=KIND:ADDRESS:PORT:PID[:EIDS]",
            description = "servers; KIND is lisp, dns or echo; EIDS how many it has")
    private List<String> servers = List.of();

    @Option(
            names = "--eids",
            paramLabel = "N",
            defaultValue = "10000",
            description = "how many the others have (default: 10000)")
    private int eids = 10_000;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "times through all servers (default: 3)")
    private int rounds = 3;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "3",
            description = "for each server and rate (default: 3)")
    private double seconds = 3;

    @Option(
            names = "--from",
            paramLabel = "ADDRESS:PORT",
            description = "where Map-Registers come from (default: any port)")
    private Optional<String> from = Optional.empty();

    @Option(
            names = "--legacy",
            paramLabel = "NAME",
            description =
                    "a LISP server that knows HMAC-SHA-1 of full length and one record in a message"
                            + " alone, and confirms only what comes from port 4342")
    private List<String> legacy = List.of();

    private boolean muchLost;
    private final Map<Target, String> silent = new LinkedHashMap<>();
    private final List<Json> all = new ArrayList<>();
    private final Map<String, List<Double>> costs = new LinkedHashMap<>();

    /** Measures, and shows what was measured. */
    abstract int measure() throws IOException, CommandFailure;

    @Override
    public final Integer call() throws CommandFailure {
        try {
            int code = measure();
            if (muchLost) {
                note(
                        "much was lost: some servers limit what one address is answered; ours by"
                                + " lisp: replies-per-second and repeats-per-second, and"
                                + " registrations: repeats-per-second");
            }
            if (!silent.isEmpty()) {
                throw new CommandFailure(ExitCode.UNREACHABLE, silence());
            }
            return code;
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, String.valueOf(e.getMessage()), e);
        }
    }

    int rounds() {
        return rounds;
    }

    double seconds() {
        return seconds;
    }

    List<Target> targets() {
        if (eids < 1 || eids > ResolveBench.MOST_EIDS || rounds < 1 || seconds <= 0) {
            throw usage(
                    "--eids must be 1 to "
                            + ResolveBench.MOST_EIDS
                            + ", --rounds and --seconds more than 0");
        }
        return servers.stream().map(this::target).toList();
    }

    private Target target(String text) {
        var parts = text.split("[=:]");
        try {
            int many = parts.length > 5 ? Integer.parseInt(parts[5]) : eids;
            if (many < 1 || many > ResolveBench.MOST_EIDS) {
                throw new IllegalArgumentException();
            }
            return new Target(
                    parts[0],
                    ResolveBench.Kind.valueOf(parts[1].toUpperCase(Locale.ROOT)),
                    new InetSocketAddress(
                            InetAddress.ofLiteral(parts[2]), Integer.parseInt(parts[3])),
                    Long.parseLong(parts[4]),
                    many);
        } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
            throw usage("not NAME=KIND:ADDRESS:PORT:PID[:EIDS]: '" + text + "'");
        }
    }

    InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        try {
            return new InetSocketAddress(
                    InetAddress.ofLiteral(text.substring(0, Math.max(0, colon))),
                    Integer.parseInt(text.substring(colon + 1)));
        } catch (IllegalArgumentException _) {
            throw usage("not ADDRESS:PORT: '" + text + "'");
        }
    }

    ResolveBench.Registering registering(Target target, Bytes secret) {
        boolean old = legacy.contains(target.name());
        var key =
                new SharedKey(
                        old ? 0 : 1,
                        secret,
                        Set.of(old ? Algorithm.HMAC_SHA1_96 : Algorithm.HMAC_SHA256_128_HKDF),
                        old,
                        old,
                        false);
        return new ResolveBench.Registering(key, from.map(this::address), old);
    }

    void head(String what) {
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-16s %8s %8s %7s %10s %10s %8s %8s %8s",
                                    what,
                                    "rate",
                                    "answers",
                                    "lost",
                                    "server us",
                                    "asker us",
                                    "p50 us",
                                    "p99 us",
                                    "p99.9 us"));
        }
    }

    /**
     * Shows a measurement that counts for the medians.
     *
     * @throws CommandFailure when nobody answers any more
     */
    void showCounted(ResolveBench.Asked it) throws CommandFailure {
        if (answers(it)) {
            muchLost |= it.lost() > MUCH_LOST * it.sent();
            costs.computeIfAbsent(it.target().name() + " " + it.rate(), _ -> new ArrayList<>())
                    .add(it.serverMicros());
        }
        show(it);
    }

    /**
     * Whether anything came back; who has answered nothing is left out from then on.
     *
     * @throws CommandFailure when nobody answers any more
     */
    boolean answers(ResolveBench.Asked it) throws CommandFailure {
        if (it.answered() > 0) {
            return true;
        }
        var address = it.target().address();
        silent.put(
                it.target(),
                it.target().name()
                        + " has answered nothing of "
                        + it.sent()
                        + " messages: does it listen at "
                        + address.getAddress().getHostAddress()
                        + " port "
                        + address.getPort()
                        + "?");
        if (answering(targets()).isEmpty()) {
            throw new CommandFailure(ExitCode.UNREACHABLE, silence());
        }
        note(silent.get(it.target()) + " The others are asked without it");
        return false;
    }

    /** Those that have always answered something so far. */
    List<Target> answering(List<Target> targets) {
        return targets.stream().filter(it -> !silent.containsKey(it)).toList();
    }

    private String silence() {
        return String.join(" ", silent.values());
    }

    Json.Obj show(ResolveBench.Asked it) {
        var times = it.times();
        if (!globals().json()) {
            out().println(
                            BenchCommand.text(
                                    "%-16s %8d %8d %7d %10.2f %10.2f %8.0f %8.0f %8.0f%s",
                                    it.target().name(),
                                    it.rate(),
                                    it.answered(),
                                    it.lost(),
                                    it.serverMicros(),
                                    it.askerMicros(),
                                    times.getValueAtPercentile(50) / 1e3,
                                    times.getValueAtPercentile(99) / 1e3,
                                    times.getValueAtPercentile(99.9) / 1e3,
                                    it.late() ? "  asked late" : ""));
            out().flush();
        }
        var json =
                Json.object()
                        .put("server", it.target().name())
                        .put("eids", it.target().eids())
                        .put("rate", it.rate())
                        .put("sent", it.sent())
                        .put("answered", it.answered())
                        .put("late", it.late())
                        .put("askerMicros", it.askerMicros())
                        .put("p50Nanos", times.getValueAtPercentile(50))
                        .put("p99Nanos", times.getValueAtPercentile(99))
                        .put("p999Nanos", times.getValueAtPercentile(99.9));
        if (it.answered() > 0) {
            json.put("serverMicros", it.serverMicros());
        }
        all.add(json);
        return json;
    }

    /** The middle of what was measured, and how many times that of the first server it is. */
    Json medians(String what, Map<String, List<Double>> values, List<String> order) {
        var medians = new ArrayList<Json>();
        double first = 0;
        for (var name : order) {
            var list = values.getOrDefault(name, List.of()).stream().sorted().toList();
            if (list.isEmpty()) {
                continue;
            }
            double median = list.get(list.size() / 2);
            first = first == 0 ? median : first;
            if (!globals().json()) {
                out().println(
                                BenchCommand.text(
                                        "%-26s %-12s %10.2f   x %.2f",
                                        name, what, median, median / first));
            }
            if (Double.isFinite(median)) {
                medians.add(
                        Json.object()
                                .put("name", name)
                                .put("what", what)
                                .put("median", median)
                                .put("ratio", median / first));
            }
        }
        return medians.stream().collect(Json.toArray());
    }

    List<Json> all() {
        return all;
    }

    Map<String, List<Double>> costs() {
        return costs;
    }
}
