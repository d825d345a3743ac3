package io.lispfabric.conformance.blackbox;

import io.lispfabric.conformance.blackbox.Case.Outcome;
import io.lispfabric.conformance.blackbox.RequestOctets.Mistake;
import io.lispfabric.conformance.blackbox.Result.Step;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * One case's conversation with the peer: its EIDs, its xTR-IDs, its port, and all that was said. An
 * answer that does not come is asked for once more before that counts, since datagrams get lost.
 */
final class Talk implements AutoCloseable {
    private static final int TRIES = 2;
    private static final int MOST_HEARD = 4096;

    private final Setup setup;
    private final Network network;
    private final Nonces nonces;
    private final Address block4;
    private final Address block6;
    private final Address macs;
    private final Address name;
    private final DatagramSocket socket;
    private final Runnable deaf;
    private final LinkedBlockingQueue<Heard> queue = new LinkedBlockingQueue<>(MOST_HEARD);
    private final List<Heard> inbox = new ArrayList<>();
    private final Set<Long> asked = ConcurrentHashMap.newKeySet();
    private final List<Step> steps = new ArrayList<>();
    private final List<Xtr> xtrs = new ArrayList<>();
    private final boolean registers;
    private Optional<Address> canary = Optional.empty();
    private final List<DatagramSocket> others = new ArrayList<>();

    /** An ETR of this conversation, with what it has registered. */
    final class Xtr {
        private final byte[] id;
        private final Map<Address, MappingOctets> registered = new LinkedHashMap<>();

        private Xtr(byte[] id) {
            this.id = id;
        }

        byte[] id() {
            return id.clone();
        }

        long siteId() {
            return setup.siteId();
        }

        RegisterOctets register(MappingOctets... records) {
            for (var record : records) {
                registered.put(record.eid(), record);
            }
            return new RegisterOctets(id, setup.siteId(), List.of(records));
        }
    }

    /**
     * @param number which block of the EIDs is this one's
     * @param registers whether the peer takes registrations, as was found out before
     */
    Talk(Setup setup, Network network, Nonces nonces, int number, boolean registers)
            throws IOException {
        this.registers = registers;
        this.setup = setup;
        this.network = network;
        this.nonces = nonces;
        block4 = setup.ipv4().plus((long) (number & 0xFF) << 8, 24);
        block6 = subnet(setup.ipv6(), number);
        macs =
                new Address(
                        setup.ipv4().iid(), Address.MAC, String.format("0297%04x0000", number), 32);
        name = Address.name(setup.ipv4().iid(), "conform-" + (1000 + number));
        socket = network.socket(network.local(), queue::offer);
        deaf =
                network.hearControl(heard -> {
                    if (concerns(heard)) {
                        queue.offer(heard);
                    }
                });
    }

    /** The nth /64 of a /48. */
    private static Address subnet(Address of, int number) {
        var octets = of.octets();
        octets[6] = (byte) (number >>> 8);
        octets[7] = (byte) number;
        return new Address(of.iid(), of.afi(), HexFormat.of().formatHex(octets), 64);
    }

    /** What comes to the port that all share: a Map-Notify says by its EIDs whose it is. */
    private boolean concerns(Heard heard) {
        boolean ours = asked.contains(heard.nonce());
        if (heard.type() != Heard.NOTIFY || heard.records().isEmpty()) {
            return ours;
        }
        return heard.records().stream()
                .map(Heard.Mapping::eid)
                .anyMatch(it ->
                        block4.covers(it)
                                || block6.covers(it)
                                || macs.covers(it)
                                || name.covers(it)
                                || ours
                                        && (it.covers(block4)
                                                || it.covers(block6)
                                                || setup.outside().covers(it)));
    }

    // What a case is about

    /** The /24 of this case. */
    Address ipv4() {
        return block4;
    }

    /** The /64 of this case. */
    Address ipv6() {
        return block6;
    }

    /** A MAC address of this case. */
    Address mac(int number) {
        return macs.plus(number, 48);
    }

    /** The name of this case. */
    Address name() {
        return name;
    }

    Setup setup() {
        return setup;
    }

    Secret secondKey() throws Outcome {
        return setup.more().second().orElseThrow(() -> skipped("no second key was given"));
    }

    Setup.OtherSite otherSite() throws Outcome {
        return setup.more().otherSite().orElseThrow(() -> skipped("no other site was given"));
    }

    /** A key for one Map-Request. */
    OneTimeKey oneTimeKey() throws Outcome {
        var itr = setup.more().itr().orElseThrow(() -> skipped("no key for LISP-SEC was given"));
        var octets = new Octets().u64(nonces.random()).u64(nonces.random()).toArray();
        return new OneTimeKey(itr, ByteBuffer.wrap(octets));
    }

    /**
     * A part of what belongs to no site: 0 for questions, and others for those who try to register
     * there, so that a server which lets them does not fail the questions too.
     */
    Address outside(int part) {
        var all = setup.outside();
        return all.plus((long) part << 32 - all.length() - 4, all.length() + 4);
    }

    Secret secret() throws Outcome {
        return setup.secret()
                .orElseThrow(() -> skipped("no key was given, so nothing can be registered"));
    }

    Xtr xtr() {
        var xtr = new Xtr(new Octets().u64(nonces.random()).u64(nonces.random()).toArray());
        xtrs.add(xtr);
        return xtr;
    }

    long nonce() {
        long nonce = nonces.next();
        asked.add(nonce);
        return nonce;
    }

    /** A nonce that somebody else chose, whose answers are ours to hear. */
    long nonce(long chosen) {
        asked.add(chosen);
        return chosen;
    }

    Address local() {
        return Address.of(network.local());
    }

    DatagramSocket socket() {
        return socket;
    }

    /** Another port, or another address. */
    DatagramSocket otherSocket(InetAddress at) throws Outcome {
        try {
            var other = network.socket(at, queue::offer);
            others.add(other);
            return other;
        } catch (IOException e) {
            throw skipped("cannot listen on " + at.getHostAddress() + ": " + e.getMessage());
        }
    }

    // Verdicts

    static Outcome failed(String reason) {
        return new Outcome(Result.Verdict.FAIL, reason);
    }

    static Outcome skipped(String reason) {
        return new Outcome(Result.Verdict.SKIP, reason);
    }

    static void check(boolean holds, String otherwise) throws Outcome {
        if (!holds) {
            throw failed(otherwise);
        }
    }

    static void same(Object expected, Object actual, String of) throws Outcome {
        check(expected.equals(actual), of + " is " + actual + " and not " + expected);
    }

    // Saying and hearing

    void send(String what, byte[] message) throws Outcome {
        send(what, message, socket);
    }

    void send(String what, byte[] message, DatagramSocket from) throws Outcome {
        steps.add(new Step("sent", what, HexFormat.of().formatHex(message)));
        try {
            network.send(from, message);
        } catch (IOException e) {
            throw failed("cannot send: " + e.getMessage());
        }
    }

    /** The next message of this kind, also if it came before; or a failure. */
    Heard expect(String what, Duration within, Predicate<Heard> which) throws Outcome {
        steps.add(new Step("expected", what + " within " + within.toMillis() + " ms", ""));
        return hear(within, which).orElseThrow(() -> failed("no " + what + " came"));
    }

    /** Twice as long, where nothing is said again. */
    Heard expect(String what, Predicate<Heard> which) throws Outcome {
        return expect(what, setup.patience().multipliedBy(TRIES), which);
    }

    /** What comes in time, if it does. */
    Optional<Heard> heard(Predicate<Heard> which) {
        return hear(setup.patience(), which);
    }

    private Optional<Heard> hear(Duration within, Predicate<Heard> which) {
        long deadline = System.nanoTime() + within.toNanos();
        for (var it = inbox.iterator(); it.hasNext(); ) {
            var heard = it.next();
            if (which.test(heard)) {
                it.remove();
                return Optional.of(heard);
            }
        }
        try {
            while (true) {
                var heard = queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (heard == null) {
                    return Optional.empty();
                }
                steps.add(
                        new Step(
                                "received",
                                heard.toString(),
                                HexFormat.of().formatHex(heard.octets())));
                if (which.test(heard)) {
                    return Optional.of(heard);
                }
                inbox.add(heard);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** Fails if such a message comes, or has come. */
    void expectNone(String what, Duration within, Predicate<Heard> which) throws Outcome {
        steps.add(new Step("expected", "no " + what + " within " + within.toMillis() + " ms", ""));
        var heard = hear(within, which);
        if (heard.isPresent()) {
            throw failed("there came " + heard.get());
        }
    }

    /** Whether such a message comes in a short time. */
    boolean comes(Predicate<Heard> which) {
        return hear(setup.patience().dividedBy(4), which).isPresent();
    }

    /** Short, because a good question after it tells that the peer has been through it. */
    void expectNone(String what, Predicate<Heard> which) throws Outcome {
        expectNone(what, setup.patience().dividedBy(4), which);
    }

    static Predicate<Heard> answering(int type, long nonce) {
        return it -> it.type() == type && it.nonce() == nonce;
    }

    // Questions

    RequestOctets question(Address eid) {
        return new RequestOctets().ask(eid).itr(local());
    }

    /** In an ECM, as whoever asks a Map-Resolver must (RFC 9301 §5.3). */
    byte[] ecm(byte[] message, Address eid) {
        return ecm(message, eid, socket.getLocalPort(), Mistake.NONE);
    }

    byte[] ecm(byte[] message, Address eid, int port, Mistake mistake) {
        return RequestOctets.encapsulated(message, local(), destination(eid), port, mistake);
    }

    /** An ECM with LISP-SEC's part (RFC 9303 §6.1). */
    byte[] ecm(byte[] message, Address eid, byte[] authenticationData) {
        return RequestOctets.encapsulated(
                new Octets().u32(0x8800_0000).bytes(authenticationData).toArray(),
                message,
                local(),
                destination(eid),
                socket.getLocalPort(),
                Mistake.NONE);
    }

    /** The inner destination: the EID, or the peer where the two would be of different families. */
    private Address destination(Address eid) {
        return eid.afi() == local().afi() ? eid.in(0) : Address.of(setup.peer().getAddress());
    }

    /** The Map-Reply to a question. */
    Heard ask(RequestOctets request, Address about) throws Outcome {
        return ask("Map-Request for " + about + " in an ECM", request, about, true);
    }

    Heard ask(Address eid) throws Outcome {
        return ask(question(eid), eid);
    }

    Heard ask(String what, RequestOctets request, Address about, boolean encapsulated)
            throws Outcome {
        for (int i = 1; ; i++) {
            long nonce = nonce();
            var message = request.encoded(nonce);
            send(what, encapsulated ? ecm(message, about) : message);
            steps.add(
                    new Step(
                            "expected",
                            "Map-Reply with its nonce within "
                                    + setup.patience().toMillis()
                                    + " ms",
                            ""));
            var reply = hear(setup.patience(), answering(Heard.REPLY, nonce));
            if (reply.isPresent()) {
                return readable(reply.get());
            }
            if (i == TRIES) {
                throw failed("no Map-Reply came to the " + what);
            }
        }
    }

    static Heard readable(Heard heard) throws Outcome {
        if (heard.unreadable().isPresent()) {
            throw failed("what came cannot be read, " + heard.unreadable().get());
        }
        return heard;
    }

    /** The one record of an answer. */
    static Heard.Mapping only(Heard heard) throws Outcome {
        check(
                heard.records().size() == 1,
                "there are " + heard.records().size() + " records instead of one");
        return heard.records().getFirst();
    }

    /** Sees to it that the EID is registered so. */
    void expectRegistered(Address eid, String... locators) throws Outcome {
        var record = only(ask(eid.within()));
        same(eid, record.eid(), "the EID-Prefix of the answer");
        same(List.of(locators), record.addresses(), "the locator-set of " + eid);
    }

    /** Sees to it that nothing is registered there. */
    void expectNotRegistered(Address eid) throws Outcome {
        var reply = ask(eid.within());
        check(
                reply.records().stream().allMatch(it -> it.locators().isEmpty()),
                eid + " has locators");
    }

    /**
     * Registers something before the peer is put to the test, where it takes registrations: one
     * that has to be started again may answer at once, but has lost it.
     */
    void canary() throws Outcome {
        if (registers) {
            var eid = block4.plus(192, 26);
            register(xtr().register(MappingOctets.of(eid, "192.0.2.77")));
            canary = Optional.of(eid);
        }
    }

    /** A question that any server answers, and one after the canary, to show that it still does. */
    void expectAlive() throws Outcome {
        try {
            ask(setup.outside().host(1));
        } catch (Outcome e) {
            throw failed("after that, a good question has no answer any more");
        }
        if (canary.isPresent()) {
            check(
                    !only(ask(canary.get().host(1))).locators().isEmpty(),
                    "after that, what was registered before is gone: it has started anew");
        }
    }

    // Registration

    /** An ETR that has registered the /24 of this case. */
    Xtr registered(String... locators) throws Outcome {
        var etr = xtr();
        register(etr, locators);
        return etr;
    }

    /** What this ETR has registered for the /24 of this case is now this. */
    Heard register(Xtr etr, String... locators) throws Outcome {
        return register(etr.register(MappingOctets.of(ipv4(), locators)));
    }

    Heard withdraw(Xtr etr) throws Outcome {
        return register(etr.register(MappingOctets.of(ipv4()).ttl(0)));
    }

    /** Sends a Map-Register and returns its Map-Notify. */
    Heard register(RegisterOctets register) throws Outcome {
        return register(register, secret());
    }

    Heard register(RegisterOctets register, Secret secret) throws Outcome {
        for (int i = 1; ; i++) {
            long nonce = nonce();
            send("Map-Register of " + eids(register), register.sealed(nonce, secret));
            steps.add(
                    new Step(
                            "expected",
                            "Map-Notify with its nonce within "
                                    + setup.patience().toMillis()
                                    + " ms",
                            ""));
            var notify = hear(setup.patience(), answering(Heard.NOTIFY, nonce));
            if (notify.isPresent()) {
                return readable(notify.get());
            }
            if (i == TRIES) {
                throw failed(
                        "no Map-Notify came to the Map-Register for "
                                + eids(register)
                                + " from "
                                + network.local().getHostAddress()
                                + "; look at secret, Site-ID, EID-Prefixes and rlocs");
            }
        }
    }

    static String eids(RegisterOctets register) {
        return String.join(
                ", ", register.records().stream().map(it -> it.eid().toString()).toList());
    }

    /** Sends a Map-Register that must not have an effect, and sees to it that it has none. */
    void refused(String what, byte[] message, Address eid) throws Outcome {
        long nonce = nonce(ByteBuffer.wrap(message).getLong(4));
        send(what, message);
        expectNone("Map-Notify", answering(Heard.NOTIFY, nonce));
        expectNotRegistered(eid);
    }

    /** Says that a Map-Notify was heard (RFC 9301 §5.7). */
    void acknowledge(Heard notify) throws Outcome {
        acknowledge(notify, secret());
    }

    /** The same from another address. */
    void acknowledge(Heard notify, DatagramSocket from) throws Outcome {
        send("Map-Notify-Ack", ack(notify, secret()), from);
    }

    void acknowledge(Heard notify, Secret secret) throws Outcome {
        send("Map-Notify-Ack", ack(notify, secret));
    }

    static byte[] ack(Heard notify, Secret secret) {
        var message = notify.octets().clone();
        message[0] = (byte) (0x50 | message[0] & 0x0F);
        Arrays.fill(message, 16, 16 + secret.length(), (byte) 0);
        return secret.seal(message);
    }

    List<Step> steps() {
        return List.copyOf(steps);
    }

    /** Takes back what was registered, as far as the peer lets us. */
    @Override
    public void close() {
        try {
            for (var xtr : xtrs) {
                for (var record : List.copyOf(xtr.registered.values())) {
                    if (setup.secret().isPresent()) {
                        var message =
                                new RegisterOctets(xtr.id, setup.siteId(), List.of(record.ttl(0)))
                                        .without(RegisterOctets.WANT_NOTIFY)
                                        .sealed(nonces.next(), setup.secret().get());
                        network.send(socket, message);
                    }
                }
            }
        } catch (IOException _) {
            // Then they time out.
        }
        deaf.run();
        socket.close();
        others.forEach(DatagramSocket::close);
    }
}
