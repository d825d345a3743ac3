package io.lispfabric.cli;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.Guard;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Where is this EID? One Map-Request to a Map-Resolver of any make, in an ECM as an ITR would send
 * it, and the Map-Reply as a table (RFC 9301 §5.2 to §5.5, §8.1).
 */
final class QueryCommand extends Subcommand {
    /** RFC 9301 §5.3: at most one Map-Request a second for an EID-Prefix. */
    private static final long LEAST_GAP_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Duration WAIT = Duration.ofSeconds(2);

    private final Question question = Question.ofSeveral();

    private final KeyOptions key = new KeyOptions();

    private final IdentityOptions identity = new IdentityOptions();

    private final ProtectionOptions protecting = new ProtectionOptions();

    private final OptionSpec subscribe =
            Options.flag(
                    "--subscribe",
                    "subscribe too (RFC 9437), as the command subscribe does; needs a key, of the site"
                            + " or for LISP-SEC");

    private final OptionSpec bare =
            Options.flag("--no-ecm", "send the Map-Request bare, to a Map-Server or an ETR");

    private final OptionSpec count =
            Options.option(
                            "N",
                            "ask N times (default: 1); with --subscribe, end after N publications",
                            "--count")
                    .type(Integer.class)
                    .build();

    private final OptionSpec retries =
            Options.option(
                            "N",
                            "how often to repeat an unanswered question (default:"
                                    + " ${DEFAULT-VALUE})",
                            "--retries")
                    .type(int.class)
                    .defaultValue("2")
                    .build();

    CommandSpec spec() {
        var spec =
                Options.command(
                        this,
                        "query",
                        "Ask a Map-Resolver where an EID is.",
                        "Exit code 3 when the answer is negative, 4 when there is none, 1 when none is"
                                + " to be believed (LISP-SEC).");
        question.addTo(spec);
        List.of(bare, count, retries, subscribe).forEach(spec::addOption);
        protecting.addTo(spec);
        key.addTo(spec);
        identity.addTo(spec);
        return known(spec);
    }

    private final Random random = new SecureRandom();

    @Override
    public Integer call() throws CommandFailure {
        var eid = question.eid(this::usage);
        var servers = question.servers(this::usage);
        var wanted = Optional.<Integer>ofNullable(count.getValue());
        if (wanted.orElse(1) < 1 || retries.<Integer>getValue() < 0) {
            throw usage("--count is at least 1 and --retries at least 0");
        }
        var protection = protecting.protection(isEncapsulated(), this::usage);
        if (subscribe.<Boolean>getValue()) {
            return new Subscribing(
                            this,
                            eid,
                            question.server(this::usage),
                            identity,
                            key,
                            protection,
                            isEncapsulated(),
                            wanted)
                    .run(Optional.empty());
        }
        var answers = new ArrayList<Answer>();
        try (var sockets = Sockets.open()) {
            for (int i = 0; i < wanted.orElse(1); i++) {
                if (i > 0) {
                    pause(sockets, answers.getLast().lastSent() + LEAST_GAP_NANOS);
                }
                var answer = ask(sockets, eid, servers, protection);
                answers.add(answer);
                if (!globals().json()) {
                    show(answer);
                }
            }
        }
        if (globals().json()) {
            print(
                    Json.object()
                            .put("iid", eid.iid().value())
                            .put("eid", eid.prefix().toString())
                            .put(
                                    "answers",
                                    answers.stream().map(Answer::json).collect(Json.toArray())));
        }
        for (var answer : answers) {
            if (answer.reply().isEmpty()) {
                throw new CommandFailure(
                        answer.disbelief().isPresent() ? ExitCode.FAILURE : ExitCode.UNREACHABLE,
                        unanswered(eid, answer));
            }
        }
        return answers.stream().allMatch(answer -> answer.locates(eid))
                ? ExitCode.OK
                : ExitCode.NEGATIVE;
    }

    private boolean isEncapsulated() {
        return !bare.<Boolean>getValue();
    }

    /** One Map-Request on its way. */
    private record Try(int number, Sockets.Path path, Optional<Guard> guard, long sent) {}

    /** The Map-Reply that came. */
    private record Reply(MapReply message, InetSocketAddress source, Try of, long nanos) {
        /** RFC 9303: what was asked with protection is believed only if it was verified. */
        boolean isProtected() {
            return of.guard().isPresent();
        }
    }

    /**
     * What became of one question.
     *
     * @param asked how often each server was
     * @param refusals what ICMP said of servers
     * @param disbelief what came and was not believed, if anything did
     * @param ignored datagrams that were no answer to it
     * @param local where answers were awaited
     */
    private record Answer(
            Optional<Reply> reply,
            Map<InetSocketAddress, Integer> asked,
            Map<InetSocketAddress, String> refusals,
            Optional<String> disbelief,
            int tries,
            int ignored,
            String local,
            long lastSent) {
        /** Whether it says where the EID is. */
        boolean locates(Eid eid) {
            return reply.isPresent()
                    && reply.get().message().records().stream()
                            .anyMatch(it -> !it.isNegative() && Question.concerns(it.eid(), eid));
        }

        Json json() {
            var json = Json.object().put("answered", reply.isPresent());
            reply.ifPresent(it -> json.put("protected", it.isProtected() ? "verified" : "no"));
            disbelief.ifPresent(it -> json.put("notBelieved", it));
            reply.ifPresent(it ->
                    json.put("from", Sockets.text(it.source()))
                            .put("asked", Sockets.text(it.of().path().peer()))
                            .put("try", it.of().number())
                            .put("rttMillis", it.nanos() / 1e6)
                            .put("nonce", it.message().nonce().toString()));
            return json.put("tries", tries)
                    .put("ignored", ignored)
                    .put(
                            "records",
                            reply.stream()
                                    .flatMap(it -> it.message().records().stream())
                                    .map(Mappings::json)
                                    .collect(Json.toArray()));
        }
    }

    /**
     * Asks until somebody answers: one server after another, so that of several any one is enough.
     */
    private Answer ask(
            Sockets sockets,
            Eid eid,
            List<InetSocketAddress> servers,
            Optional<Protection> protection)
            throws CommandFailure {
        int tries = Math.max(retries.<Integer>getValue() + 1, servers.size());
        long wait = globals().timeout(WAIT).toNanos();
        protection.ifPresent(Protection::begin);
        var left = new ArrayDeque<>(servers);
        var outstanding = new HashMap<Nonce, Try>();
        var asked = new LinkedHashMap<InetSocketAddress, Integer>();
        var refusals = new LinkedHashMap<InetSocketAddress, String>();
        int ignored = 0;
        String local = "";
        long sent = 0;
        var reply = Optional.<Reply>empty();
        for (int number = 1; number <= tries && !left.isEmpty() && reply.isEmpty(); number++) {
            var path = sockets.towards(left.peek());
            local = path.local().toString();
            var nonce = new Nonce(random.nextLong());
            var request = MapRequest.query(nonce, Optional.empty(), List.of(path.local()), eid);
            var guard = protection.map(Protection::draw);
            var octets = Question.octets(request, path, isEncapsulated(), guard);
            verbose("asking " + Sockets.text(path.peer()) + ", nonce " + nonce);
            sent = System.nanoTime();
            outstanding.put(nonce, new Try(number, path, guard, sent));
            asked.merge(path.peer(), 1, Integer::sum);
            path.send(octets);
            // RFC 9301 §5.3 decides how soon the next question may go; until then, and for as long
            // as the user says, an answer to any of them is as good.
            long deadline = sent + (number < tries ? Math.max(wait, LEAST_GAP_NANOS) : wait);
            for (var arrived = sockets.receive(deadline);
                    arrived.isPresent();
                    arrived = sockets.receive(deadline)) {
                reply = answer(arrived.get(), outstanding, protection);
                if (reply.isPresent()) {
                    break;
                }
                ignored++;
            }
            var refusal = sockets.refusal(path);
            if (refusal.isPresent()) {
                // Nobody has heard the question, so the next one may be asked at once.
                verbose(refusal.get());
                refusals.put(left.remove(), refusal.get());
            } else {
                left.add(left.remove());
            }
        }
        return new Answer(
                reply,
                asked,
                refusals,
                protection.flatMap(Protection::disbelief),
                tries,
                ignored,
                local,
                sent);
    }

    /** The datagram as the Map-Reply to one of the questions, if it is one. */
    private Optional<Reply> answer(
            Sockets.Arrived arrived, Map<Nonce, Try> outstanding, Optional<Protection> protection) {
        return switch (LispCodec.decode(arrived.buffer(), Vendors.ANY)) {
            case Decoded.Message(MapReply reply)
                    when !reply.probe() && outstanding.get(reply.nonce()) instanceof Try of ->
                    of.guard()
                            .map(it ->
                                    protection.orElseThrow().believed(it, reply, arrived.buffer()))
                            .orElse(Optional.of(reply))
                            .map(it ->
                                    new Reply(it, arrived.source(), of, arrived.at() - of.sent()));
            case Decoded.Message(var other) -> {
                verbose(
                        "ignored a message of type "
                                + other.type()
                                + " from "
                                + Sockets.text(arrived.source())
                                + ": no answer to this question");
                yield Optional.empty();
            }
            case Decoded.Malformed(var flaw, var offset) -> {
                verbose(
                        "ignored a datagram from "
                                + Sockets.text(arrived.source())
                                + ": "
                                + flaw.label()
                                + " at octet "
                                + offset);
                yield Optional.empty();
            }
        };
    }

    /** Waits; whatever comes meanwhile answers nothing any more. */
    private static void pause(Sockets sockets, long until) throws CommandFailure {
        while (System.nanoTime() < until) {
            sockets.receive(until);
        }
    }

    private void show(Answer answer) {
        if (answer.reply().isPresent()) {
            var reply = answer.reply().get();
            var records = reply.message().records();
            if (records.isEmpty()) {
                out().println("a Map-Reply without records" + came(reply, answer, ""));
            }
            var first = true;
            for (var record : records) {
                show(record, first ? came(reply, answer, kind(record)) : "");
                first = false;
            }
            out().flush();
            answer.disbelief().ifPresent(this::note);
            if (reply.message()
                            .authenticationData()
                            .filter(it -> it.eid().etrCantSign())
                            .isPresent()
                    && reply.isProtected()) {
                note(
                        "some ETR of it does not know LISP-SEC: what it has to say is heard only"
                                + " without --lisp-sec-key-file");
            }
        }
    }

    private void show(MappingRecord record, String came) {
        var ink = globals().ink();
        out().println(
                        (record.isNegative()
                                        ? Mappings.negativeHead(record, ink)
                                        : Mappings.head(record, ink))
                                + came);
        Mappings.locators(record.locators(), ink).forEach(out()::println);
    }

    private static String kind(MappingRecord record) {
        return record.isNegative()
                ? ""
                : record.authoritative() ? "authoritative, " : "proxy reply, ";
    }

    private static String came(Reply reply, Answer answer, String kind) {
        return "   answered by "
                + Sockets.text(reply.source())
                + " in "
                + millis(reply.nanos())
                + " ("
                + kind
                + (reply.isProtected() ? "protected: verified, " : "")
                + "try "
                + reply.of().number()
                + " of "
                + answer.tries()
                + ")";
    }

    /** A missing answer is never silent: whom, how often, and what to look at. */
    private String unanswered(Eid eid, Answer answer) {
        var whom =
                answer.asked().entrySet().stream()
                        .filter(it -> !answer.refusals().containsKey(it.getKey()))
                        .map(it -> Sockets.text(it.getKey()) + " " + times(it.getValue()))
                        .collect(Collectors.joining(", "));
        long each = globals().timeout(WAIT).toMillis();
        return "no answer for "
                + eid
                + ": "
                + String.join(", ", answer.refusals().values())
                + (answer.refusals().isEmpty() || whom.isEmpty() ? "" : "; ")
                + (whom.isEmpty() ? "" : "asked " + whom + ", waiting " + each + " ms each")
                + (answer.ignored() == 0
                        ? ""
                        : "; " + answer.ignored() + " datagrams that were no answer are ignored")
                + answer.disbelief().map(it -> ", " + it).orElse("")
                + ". "
                + advice(answer, whom.isEmpty());
    }

    private String advice(Answer answer, boolean nobodyListens) {
        if (nobodyListens) {
            return "-m names the Map-Resolver";
        }
        if (answer.disbelief().isPresent()) {
            return "Check that the Map-Resolver does LISP-SEC, and who else answers";
        }
        return "Check that a Map-Resolver listens there on UDP, that no filter stands between,"
                + " that it can send to "
                + answer.local()
                + (protecting.isWanted()
                        ? ", and that it has Key ID and secret under lisp-sec: towards others it is"
                                + " silent"
                        : ", and that it does not require LISP-SEC (--lisp-sec-key-file)");
    }

    private static String times(int count) {
        return count == 1 ? "once" : count + " times";
    }
}
