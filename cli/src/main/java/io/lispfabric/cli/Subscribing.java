package io.lispfabric.cli;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.Guard;
import io.lispfabric.wire.auth.MessageAuthentication;
import io.lispfabric.wire.auth.SharedKey;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * One subscription from its request to its end (RFC 9437 §4, §8, §10). One nonce counts for both
 * sides: what the Map-Server publishes goes on from our request, and our next request from there.
 */
final class Subscribing {
    private static final Duration WAIT = Duration.ofSeconds(2);
    private static final int TRIES = 3;

    private final Subcommand command;
    private final Eid eid;
    private final InetSocketAddress server;
    private final IdentityOptions identities;
    private final KeyOptions keys;
    private final Optional<Protection> protection;
    private final boolean encapsulated;
    private final Optional<Integer> count;
    private final InstantSource clock = InstantSource.system();

    private final Map<Nonce, Optional<Guard>> asked = new LinkedHashMap<>();

    /**
     * The registered EID-Prefix that we are subscribed to, or the hole; until then, what we ask
     * for.
     */
    private Eid subscribed;

    private Nonce newest = new Nonce(0);
    private int ignored;

    /** Of those, Map-Notifies for us with a MAC that is not our key's. */
    private int unverified;

    private volatile boolean stopping;

    Subscribing(
            Subcommand command,
            Eid eid,
            InetSocketAddress server,
            IdentityOptions identities,
            KeyOptions keys,
            Optional<Protection> protection,
            boolean encapsulated,
            Optional<Integer> count) {
        this.command = command;
        this.eid = eid;
        this.server = server;
        this.identities = identities;
        this.keys = keys;
        this.protection = protection;
        this.encapsulated = encapsulated;
        this.subscribed = eid;
        this.count = count;
    }

    /**
     * What a subscription needs while it lasts.
     *
     * @param key of the site; none where LISP-SEC makes keys
     */
    private record Link(
            Sockets sockets, Sockets.Path path, Optional<SharedKey> key, XtrIdentity identity) {}

    /** A Map-Notify, and the key that vouches for it. */
    private record Authentic(MapNotify message, SharedKey key) {}

    /** Subscribes, prints until it is enough, and unsubscribes. */
    int run(Optional<Duration> duration) throws CommandFailure {
        var random = new SecureRandom();
        var key =
                protection.isPresent()
                        ? Optional.<SharedKey>empty()
                        : Optional.of(keys.keyToVerify(command::usage));
        var identity = identities.ofRun(random.nextLong(), command::usage);
        // Random, as RFC 9437 §4 wants of who holds no nonce, and yet greater than that of an
        // earlier run under the same xTR-ID.
        newest =
                new Nonce(clock.instant().getEpochSecond() << 32 | random.nextInt() & 0xFFFF_FFFFL);
        try (var sockets = Sockets.open()) {
            var link = new Link(sockets, sockets.towards(server), key, identity);
            sockets.alsoListenOnControlPort(link.path());
            var subscriber = Thread.currentThread();
            var hook = Thread.ofPlatform().unstarted(() -> stop(sockets, subscriber));
            Runtime.getRuntime().addShutdownHook(hook);
            try {
                return subscribed(link, duration);
            } finally {
                if (!stopping) {
                    Runtime.getRuntime().removeShutdownHook(hook);
                }
            }
        }
    }

    /** Ctrl-C: the Map-Server is told before the process ends. */
    private void stop(Sockets sockets, Thread subscriber) {
        stopping = true;
        sockets.wakeup();
        try {
            subscriber.join(WAIT.plusSeconds(2));
        } catch (InterruptedException _) {
            // Then the process ends without.
        }
    }

    private int subscribed(Link link, Optional<Duration> duration) throws CommandFailure {
        confirm(link);
        long deadline = duration.map(it -> System.nanoTime() + it.toNanos()).orElse(Long.MAX_VALUE);
        int published = 0;
        try {
            while (!stopping
                    && System.nanoTime() - deadline < 0
                    && (count.isEmpty() || published < count.get())) {
                long until = Math.min(deadline, System.nanoTime() + TimeUnit.HOURS.toNanos(1));
                var arrived = link.sockets().receive(until);
                if (arrived.isPresent()) {
                    published += published(link, arrived.get());
                }
            }
        } finally {
            unsubscribe(link);
        }
        if (count.isPresent() && published < count.get() && !stopping) {
            throw new CommandFailure(
                    ExitCode.UNREACHABLE,
                    "only "
                            + published
                            + " of "
                            + count.get()
                            + " publications came in time"
                            + instead());
        }
        return ExitCode.OK;
    }

    /** Asks until the Map-Server confirms. */
    private void confirm(Link link) throws CommandFailure {
        long wait = command.globals().timeout(WAIT).toNanos();
        for (int number = 1; number <= TRIES && !stopping; number++) {
            request(link, eid, link.path().local());
            long sent = System.nanoTime();
            // RFC 9301 §5.3: at most one Map-Request a second for an EID-Prefix.
            long deadline =
                    sent + (number < TRIES ? Math.max(wait, TimeUnit.SECONDS.toNanos(1)) : wait);
            for (var arrived = link.sockets().receive(deadline);
                    arrived.isPresent();
                    arrived = link.sockets().receive(deadline)) {
                var notify = confirmed(link, arrived.get());
                if (notify.isPresent()) {
                    subscribed = prefix(notify.get());
                    return;
                }
            }
            var refusal = link.sockets().refusal(link.path());
            if (refusal.isPresent()) {
                throw new CommandFailure(
                        ExitCode.UNREACHABLE,
                        "not confirmed: " + refusal.get() + ". -m names the Map-Server");
            }
        }
        var disbelief = protection.flatMap(Protection::disbelief);
        throw new CommandFailure(
                disbelief.isPresent() ? ExitCode.FAILURE : ExitCode.UNREACHABLE,
                (stopping ? "interrupted, " : "")
                        + "not confirmed: asked "
                        + Sockets.text(server)
                        + " "
                        + asked.size()
                        + " times for a subscription to "
                        + eid
                        + instead()
                        + disbelief.map(it -> ", " + it).orElse("")
                        + ". Check that a Map-Server with publish/subscribe listens there, that Key"
                        + " ID and secret are those "
                        + (protection.isPresent()
                                ? "of lisp-sec there, and may speak for the site"
                                : "of its subscribers, that it does not require LISP-SEC")
                        + ", and that it can send to "
                        + link.path().local());
    }

    private void request(Link link, Eid prefix, LispAddress itrRloc) throws CommandFailure {
        newest = newest.next();
        var guard = protection.map(Protection::draw);
        asked.put(newest, guard);
        var request =
                MapRequest.subscription(
                        newest, Optional.empty(), List.of(itrRloc), prefix, link.identity());
        link.path().send(Question.octets(request, link.path(), encapsulated, guard));
    }

    /**
     * The datagram, if it is the Map-Notify that answers one of our requests.
     *
     * @throws CommandFailure when it is the Map-Reply that refuses
     */
    private Optional<MapNotify> confirmed(Link link, Sockets.Arrived arrived)
            throws CommandFailure {
        var notify = authentic(link, arrived);
        if (notify.isPresent() && asked.containsKey(notify.get().message().nonce())) {
            acknowledge(link, notify.get(), arrived.source());
            var message = notify.get().message();
            message.records().forEach(record -> show("confirmed", message, record, arrived));
            return Optional.of(message);
        }
        if (LispCodec.decode(arrived.buffer(), Vendors.ANY)
                        instanceof Decoded.Message(MapReply reply)
                && asked.get(reply.nonce()) instanceof Optional<Guard> guard) {
            var believed =
                    guard.map(it -> protection.orElseThrow().believed(it, reply, arrived.buffer()))
                            .orElse(Optional.of(reply));
            if (believed.isPresent()) {
                throw refused(believed.get(), link.path().local());
            }
        }
        ignored++;
        return Optional.empty();
    }

    /** What the Map-Server keeps the subscription under, and is to be asked to forget. */
    private Eid prefix(MapNotify notify) {
        return notify.records().stream()
                .map(MappingRecord::eid)
                .filter(it -> it.covers(eid))
                .max(Comparator.comparingInt(it -> it.prefix().length()))
                .orElse(eid);
    }

    /** Any Map-Reply means "not subscribed" (RFC 9437 §5); two actions say why. */
    private CommandFailure refused(MapReply reply, LispAddress itrRloc) {
        var action =
                reply.records().stream()
                        .filter(MappingRecord::isNegative)
                        .map(MappingRecord::action)
                        .findFirst()
                        .orElse(Action.NO_ACTION);
        boolean denied = action == Action.DROP_POLICY_DENIED || action == Action.DROP_AUTH_FAILURE;
        return new CommandFailure(
                denied ? ExitCode.DENIED : ExitCode.FAILURE,
                "not subscribed: "
                        + Sockets.text(server)
                        + " answered with a Map-Reply ("
                        + action.label()
                        + ")"
                        + (action == Action.DROP_POLICY_DENIED
                                ? "; the ITR-RLOC was " + itrRloc + ": is it in the site's rlocs?"
                                : denied
                                        ? ""
                                        : ", as one that cannot or will not take a subscription"));
    }

    /** Of how many EID-Prefixes the datagram is news. */
    private int published(Link link, Sockets.Arrived arrived) throws CommandFailure {
        var notify = authentic(link, arrived);
        if (notify.isEmpty()) {
            ignored++;
            return 0;
        }
        var message = notify.get().message();
        var nonce = message.nonce();
        boolean repeated = nonce.equals(newest) || asked.containsKey(nonce);
        // RFC 9437 §6: a nonce that is not greater is an old packet played again.
        if (!repeated && !nonce.isGreaterThan(newest)) {
            command.verbose("dropped a Map-Notify with the old nonce " + nonce);
            return 0;
        }
        // RFC 9301 §5.7: one Ack for every copy that is received.
        acknowledge(link, notify.get(), arrived.source());
        if (repeated) {
            return 0;
        }
        newest = nonce;
        message.records().forEach(record -> show("published", message, record, arrived));
        return message.records().size();
    }

    /** Asks to be forgotten; a Map-Server that does not answer forgets in its own time. */
    private void unsubscribe(Link link) throws CommandFailure {
        for (int number = 1; number <= 2; number++) {
            request(link, subscribed, LispAddress.None.NONE);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
            for (var arrived = link.sockets().receive(deadline);
                    arrived.isPresent();
                    arrived = link.sockets().receive(deadline)) {
                var notify = authentic(link, arrived.get());
                if (notify.isPresent()) {
                    acknowledge(link, notify.get(), arrived.get().source());
                }
                if (notify.isPresent() && notify.get().message().nonce().equals(newest)) {
                    event("unsubscribed", newest, arrived.get().source());
                    return;
                }
            }
            var refusal = link.sockets().refusal(link.path());
            if (refusal.isPresent()) {
                command.note("the subscription ends in its own time: " + refusal.get());
                return;
            }
        }
        command.note("the Map-Server did not confirm the end of the subscription");
    }

    private Optional<Authentic> authentic(Link link, Sockets.Arrived arrived) {
        if (!(LispCodec.decode(arrived.buffer(), Vendors.ANY)
                        instanceof Decoded.Message(MapNotify notify))
                || notify.recipient().filter(it -> !it.equals(link.identity())).isPresent()) {
            return Optional.empty();
        }
        var key =
                keys(link, notify.nonce()).stream()
                        .filter(it -> MessageAuthentication.verify(notify, arrived.buffer(), it))
                        .findFirst();
        if (key.isEmpty()) {
            unverified++;
            command.verbose(
                    "a Map-Notify from "
                            + Sockets.text(arrived.source())
                            + " under Key ID "
                            + notify.authentication().keyId()
                            + " has a MAC of another key");
        }
        return key.map(it -> new Authentic(notify, it));
    }

    /** What came instead of what is missing. */
    private String instead() {
        return (ignored == 0 ? "" : "; " + ignored + " datagrams were no answer")
                + (unverified == 0
                        ? ""
                        : ", " + unverified + " of them Map-Notifies with a MAC of another key");
    }

    /**
     * What may vouch for a Map-Notify: the site's key; with LISP-SEC that of the one question which
     * it answers, or if it is news, of any: the Map-Server has that of the last it heard (RFC 9437
     * §7.1).
     */
    private List<SharedKey> keys(Link link, Nonce nonce) {
        return link.key()
                .map(List::of)
                .orElseGet(() ->
                        asked.entrySet().stream()
                                .filter(it ->
                                        !asked.containsKey(nonce) || it.getKey().equals(nonce))
                                .map(it -> it.getValue().orElseThrow().association(it.getKey()))
                                .toList());
    }

    private static void acknowledge(Link link, Authentic it, InetSocketAddress source)
            throws CommandFailure {
        link.path().send(source, acknowledgment(it.message(), it.key()));
    }

    /** The same contents under our own MAC, for whoever sent it (RFC 9301 §5.7). */
    static byte[] acknowledgment(MapNotify notify, SharedKey key) {
        var authentication = notify.authentication();
        return MessageAuthentication.seal(
                new MapNotifyAck(
                        notify.nonce(), authentication, notify.records(), notify.recipient()),
                key,
                Algorithm.of(authentication.algorithmId()).orElseThrow(),
                authentication.data().length());
    }

    private void show(String event, MapNotify notify, MappingRecord record, Sockets.Arrived from) {
        if (command.globals().json()) {
            line(json(event, notify.nonce(), from.source()).put("record", Mappings.json(record)));
            return;
        }
        var ink = command.globals().ink();
        command.out()
                .println(
                        clock.instant()
                                + "  "
                                + ink.good(event)
                                + "  nonce "
                                + notify.nonce()
                                + "  from "
                                + Sockets.text(from.source())
                                + (protection.isPresent() ? "  protected: verified" : ""));
        command.out()
                .println(
                        record.ttl().removes()
                                ? Mappings.head(record, ink) + "   gone"
                                : record.isNegative()
                                        ? Mappings.negativeHead(record, ink)
                                        : Mappings.head(record, ink));
        Mappings.locators(record.locators(), ink).forEach(command.out()::println);
        command.out().flush();
    }

    private void event(String event, Nonce nonce, InetSocketAddress from) {
        if (command.globals().json()) {
            line(json(event, nonce, from));
        } else {
            command.out()
                    .println(
                            clock.instant()
                                    + "  "
                                    + event
                                    + "  nonce "
                                    + nonce
                                    + "  from "
                                    + Sockets.text(from));
            command.out().flush();
        }
    }

    private Json.Obj json(String event, Nonce nonce, InetSocketAddress from) {
        return Json.object()
                .put("event", event)
                .put("time", clock.instant().toString())
                .put("nonce", nonce.toString())
                .put("from", Sockets.text(from))
                .put("protected", protection.isPresent() ? "verified" : "no");
    }

    private void line(Json json) {
        command.out().println(json.line());
        command.out().flush();
    }
}
