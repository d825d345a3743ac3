package io.lispfabric.cli;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Authentication;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Registers one EID once, or withdraws it, and waits until the Map-Server has confirmed that (RFC
 * 9301 §5.6, §5.7). It does not refresh: that is what an agent is for.
 */
final class RegisterCommand extends Subcommand {
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final long FIRST_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONGEST_BACKOFF_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Question question = Question.ofOne();

    private final KeyOptions key = new KeyOptions();

    private final IdentityOptions identity = new IdentityOptions();

    private final OptionSpec rlocs =
            Options.option(
                            "ADDRESS[,PRIORITY,WEIGHT]",
                            "where the EID is; again for each locator (default priority 1, weight"
                                    + " 100)",
                            "--rloc")
                    .type(String[].class)
                    .arity("1")
                    .build();

    private final OptionSpec ttl =
            Options.option(
                            "MINUTES",
                            "how long others may cache the mapping (default: ${DEFAULT-VALUE})",
                            "--ttl")
                    .type(int.class)
                    .defaultValue("1440")
                    .build();

    private final OptionSpec alone =
            Options.flag(
                    "--no-merge",
                    "replace what other xTRs registered for the EID, rather than add to it");

    private final OptionSpec deregister =
            Options.flag(
                    "--deregister", "withdraw what this xTR has registered for the EID, all of it");

    private final OptionSpec nonceFile =
            Options.option(
                            "FILE",
                            "keeps the last nonce, for hosts whose clock may go back (default: the"
                                    + " clock is the nonce)",
                            "--nonce-file")
                    .type(String.class)
                    .build();

    CommandSpec spec() {
        var spec =
                Options.command(
                        this,
                        "register",
                        "Register an EID at a Map-Server, once, and print the locator-set it then"
                                + " has.",
                        "It lasts until the Map-Server's time for registrations is over (RFC 9301:"
                                + " 3 minutes). If others change the locator-set meanwhile, the"
                                + " Map-Server tells this xTR too: nobody is left to acknowledge that,"
                                + " so it says it again for a while, and counts it as outstanding.",
                        "Exit code 0 only when the Map-Server has confirmed it.");
        spec.usageMessage()
                .footer(
                        "",
                        "A Map-Server does not answer, and its log names the reason or counts it, when it has",
                        "  no such Site-ID, Key ID, secret or algorithm;",
                        "  no such EID-Prefix of the site, or member of its INCC group;",
                        "  no segment of the Instance ID, or one of the other domain;",
                        "  an EID-Prefix that another site holds, or as many xTRs of it as there may be;",
                        "  an RLOC outside of the site's rlocs, or one that cannot be used;",
                        "  heard a nonce that is not less (clocks, --nonce-file);",
                        "  more than registrations.most, most-xtrs or repeats-per-second allow.",
                        "Nor when it is only a Map-Resolver, or in a cluster without a leader or majority, out of",
                        "it or unlike it, with less room on its disk than disk-reserve, or busy with the site:",
                        "lispctl show members and lisp_dropped_total (HTTP /metrics) tell.");
        question.addTo(spec);
        List.of(rlocs, ttl, alone, deregister, nonceFile).forEach(spec::addOption);
        key.addTo(spec);
        identity.addTo(spec);
        return known(spec);
    }

    private final InstantSource clock = InstantSource.system();

    @Override
    public Integer call() throws CommandFailure {
        var eid = question.eid(this::usage);
        var server = question.server(this::usage);
        boolean withdraw = deregister.<Boolean>getValue();
        var named = Optional.<String[]>ofNullable(rlocs.getValue()).map(List::of).orElse(List.of());
        if (named.isEmpty() && !withdraw) {
            throw usage("--rloc is needed, at least once");
        }
        if (withdraw && !named.isEmpty()) {
            throw usage(
                    "--deregister withdraws all that the xTR has registered for the EID (RFC 9301"
                            + " §5.6); to leave out one locator, register the others");
        }
        int minutes = ttl.<Integer>getValue();
        if (minutes < 1) {
            throw usage("--ttl is at least 1 minute; --deregister withdraws");
        }
        var locators = named.stream().map(this::locator).sorted().toList();
        var record =
                MappingRecord.of(
                        withdraw ? RecordTtl.REMOVE : new RecordTtl(minutes), eid, locators);
        var algorithm = key.algorithm(this::usage);
        var secret = key.key(this::usage);
        try (var sockets = Sockets.open()) {
            var path = sockets.towards(server);
            sockets.alsoListenOnControlPort(path);
            var xtr = identity.ofHost(path.local(), this::usage);
            var template =
                    new MapRegister(
                            true,
                            false,
                            false,
                            false,
                            !alone.<Boolean>getValue(),
                            true,
                            firstNonce(),
                            new Authentication(0, 0, Bytes.EMPTY),
                            List.of(record),
                            Optional.of(xtr));
            return show(eid, server, xtr, exchange(sockets, path, template, secret, algorithm));
        }
    }

    /** The Map-Server's word on it. */
    private record Confirmation(
            MapNotify message, InetSocketAddress source, int number, long nanos) {}

    private record Try(int number, long sent) {}

    /** Sends until the Map-Notify comes, each time under the next nonce. */
    private Confirmation exchange(
            Sockets sockets,
            Sockets.Path path,
            MapRegister template,
            SharedKey secret,
            Algorithm algorithm)
            throws CommandFailure {
        long deadline = System.nanoTime() + globals().timeout(WAIT).toNanos();
        var outstanding = new HashMap<Nonce, Try>();
        var nonce = template.nonce();
        long backoff = FIRST_BACKOFF_NANOS;
        int forged = 0;
        while (System.nanoTime() < deadline) {
            var octets =
                    MessageAuthentication.seal(
                            with(template, nonce), secret, algorithm, key.length(algorithm));
            keep(nonce);
            verbose("registering at " + Sockets.text(path.peer()) + ", nonce " + nonce);
            long sent = System.nanoTime();
            outstanding.put(nonce, new Try(outstanding.size() + 1, sent));
            path.send(octets);
            // RFC 9301 §5.7: again after 1 s, doubling, at most 60 s.
            long until = Math.min(sent + backoff, deadline);
            for (var arrived = sockets.receive(until);
                    arrived.isPresent();
                    arrived = sockets.receive(until)) {
                var confirmation = confirmation(arrived.get(), outstanding, secret);
                if (confirmation.isPresent()) {
                    return confirmation.get();
                }
                if (!acknowledged(arrived.get(), path, template, outstanding, secret)) {
                    forged++;
                }
            }
            var refusal = sockets.refusal(path);
            if (refusal.isPresent()) {
                throw new CommandFailure(
                        ExitCode.UNREACHABLE,
                        "not confirmed: " + refusal.get() + ". -m names the Map-Server");
            }
            backoff = Math.min(2 * backoff, LONGEST_BACKOFF_NANOS);
            // RFC 9301 §5.6: every transmission takes the next nonce, a repeat too.
            nonce = nonce.next();
        }
        throw new CommandFailure(
                ExitCode.UNREACHABLE,
                "not confirmed: sent "
                        + counted(outstanding.size(), "Map-Register")
                        + " for "
                        + template.records().getFirst().eid()
                        + " to "
                        + Sockets.text(path.peer())
                        + ", and no Map-Notify that the key vouches for came back"
                        + (forged == 0 ? "" : " (" + counted(forged, "other datagram") + " did)")
                        + ". A Map-Server is silent towards what it refuses, most often a wrong"
                        + " Site-ID, Key ID or secret, and while its cluster has no leader. Its log"
                        + " or lispctl show members tells; lispctl register --help lists the reasons");
    }

    private static String counted(int count, String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private static MapRegister with(MapRegister template, Nonce nonce) {
        return new MapRegister(
                template.proxyReply(),
                template.securityCapable(),
                template.eidNotify(),
                template.ttlForTimeout(),
                template.mergeRequest(),
                template.wantMapNotify(),
                nonce,
                template.authentication(),
                template.records(),
                template.identity());
    }

    private Optional<Confirmation> confirmation(
            Sockets.Arrived arrived, Map<Nonce, Try> outstanding, SharedKey secret) {
        if (LispCodec.decode(arrived.buffer(), Vendors.ANY)
                        instanceof Decoded.Message(MapNotify answer)
                && outstanding.get(answer.nonce()) instanceof Try of
                && MessageAuthentication.verify(answer, arrived.buffer(), secret)) {
            return Optional.of(
                    new Confirmation(
                            answer, arrived.source(), of.number(), arrived.at() - of.sent()));
        }
        return Optional.empty();
    }

    /**
     * News of what this xTR registered earlier: not asked for, so it is acknowledged (RFC 9301
     * §5.7).
     *
     * @return whether it was that
     */
    private boolean acknowledged(
            Sockets.Arrived arrived,
            Sockets.Path path,
            MapRegister template,
            Map<Nonce, Try> outstanding,
            SharedKey secret)
            throws CommandFailure {
        if (LispCodec.decode(arrived.buffer(), Vendors.ANY)
                        instanceof Decoded.Message(MapNotify news)
                && !outstanding.containsKey(news.nonce())
                && news.recipient().equals(template.identity())
                && MessageAuthentication.verify(news, arrived.buffer(), secret)) {
            path.send(arrived.source(), Subscribing.acknowledgment(news, secret));
            verbose("acknowledged news from " + Sockets.text(arrived.source()));
            return true;
        }
        verbose("ignored a datagram from " + Sockets.text(arrived.source()));
        return false;
    }

    private int show(Eid eid, InetSocketAddress server, XtrIdentity xtr, Confirmation confirmation)
            throws CommandFailure {
        var records = confirmation.message().records();
        boolean accepted = records.stream().anyMatch(it -> it.eid().equals(eid));
        if (globals().json()) {
            print(
                    Json.object()
                            .put("iid", eid.iid().value())
                            .put("eid", eid.prefix().toString())
                            .put("confirmed", accepted)
                            .put("mapServer", Sockets.text(server))
                            .put("from", Sockets.text(confirmation.source()))
                            .put("try", confirmation.number())
                            .put("rttMillis", confirmation.nanos() / 1e6)
                            .put("xtr", xtr.toString())
                            .put("nonce", confirmation.message().nonce().toString())
                            .put(
                                    "records",
                                    records.stream().map(Mappings::json).collect(Json.toArray())));
        } else {
            var ink = globals().ink();
            for (var record : records) {
                out().println(
                                Mappings.head(record, ink)
                                        + "   "
                                        + (record.ttl().removes() ? "withdrawn" : "registered")
                                        + " at "
                                        + Sockets.text(confirmation.source())
                                        + " in "
                                        + millis(confirmation.nanos())
                                        + " (try "
                                        + confirmation.number()
                                        + "), as xTR "
                                        + xtr);
                Mappings.locators(record.locators(), ink).forEach(out()::println);
            }
        }
        if (!accepted) {
            throw new CommandFailure(
                    ExitCode.DENIED,
                    "the Map-Server took the Map-Register, but not " + eid + " in it");
        }
        return ExitCode.OK;
    }

    private Locator locator(String text) {
        var parts = text.split(",", -1);
        try {
            if (parts.length > 3) {
                throw new IllegalArgumentException("too many commas");
            }
            return Locator.of(
                    Rloc.of(parts[0]),
                    parts.length > 1 ? Integer.parseInt(parts[1]) : 1,
                    parts.length > 2 ? Integer.parseInt(parts[2]) : 100);
        } catch (IllegalArgumentException _) {
            throw usage(
                    "--rloc is an IP address, and perhaps a priority and a weight of 0 to 255, as"
                            + " in 10.9.4.1,1,50; not '"
                            + text
                            + "'");
        }
    }

    /**
     * Greater than any that was used before: the time since 1970, in units of 2^-32 s, or what
     * follows the last one of the file.
     */
    private Nonce firstNonce() throws CommandFailure {
        var now = clock.instant();
        var byTime =
                new Nonce(
                        now.getEpochSecond() << 32 | ((long) now.getNano() << 32) / 1_000_000_000);
        var file = nonceFile();
        if (file.isEmpty() || !Files.exists(file.get())) {
            return byTime;
        }
        try {
            var next =
                    new Nonce(Long.parseUnsignedLong(Files.readString(file.get()).strip(), 16))
                            .next();
            return next.isGreaterThan(byTime) ? next : byTime;
        } catch (IOException | NumberFormatException e) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "the nonce file " + file.get() + " does not hold 16 hexadecimal digits",
                    e);
        }
    }

    private Optional<Path> nonceFile() {
        return Optional.<String>ofNullable(nonceFile.getValue()).map(Path::of);
    }

    /** Written before it is used: a nonce that was sent but not kept would be used again. */
    private void keep(Nonce nonce) throws CommandFailure {
        if (nonceFile().isEmpty()) {
            return;
        }
        var file = nonceFile().get().toAbsolutePath();
        var next = file.resolveSibling(file.getFileName() + ".next");
        try {
            Files.writeString(next, nonce + "\n");
            Files.move(
                    next,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new CommandFailure(ExitCode.FAILURE, "cannot write the nonce file " + file, e);
        }
    }
}
