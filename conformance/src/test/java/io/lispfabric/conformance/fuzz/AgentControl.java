package io.lispfabric.conformance.fuzz;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rloc;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.Locator;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import io.lispfabric.xtr.core.MappingDomain;
import io.lispfabric.xtr.core.NonceCounter;
import io.lispfabric.xtr.core.Outcome;
import io.lispfabric.xtr.core.Transmission;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An xTR that waits for a Map-Notify of its registration, one of its subscription, and a Map-Reply;
 * and then something comes to its control port that its key vouches for.
 */
final class AgentControl {
    private static final int CAPACITY = 100;
    private static final InetSocketAddress SERVER = new InetSocketAddress("192.0.2.250", 4342);
    private static final Ip HERE = Ip.parse("192.0.2.41");
    private static final Eid OWN = Eid.of(1, "40.0.0.7");
    private static final Eid WANTED = Eid.of(1, "40.0.0.0/16");
    private static final Eid ASKED = Eid.of(1, "41.0.0.1");

    private final MappingDomain domain =
            new MappingDomain(
                    new MappingDomain.Settings(
                            "fuzz",
                            List.of(SERVER),
                            new XtrIdentity(new XtrId(0, 1), new SiteId(1)),
                            Locator.of(new Rloc(HERE), 1, 50),
                            HERE,
                            4342,
                            RecordTtl.ONE_DAY,
                            CAPACITY),
                    counter(1000),
                    counter(2000),
                    () -> new Nonce(3000));

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    private static NonceCounter counter(long first) {
        return new NonceCounter(new Nonce(first), 1, NonceCounter.Reservation.NONE);
    }

    /** The first octet says which of the three questions the rest answers, if any. */
    static void hears(byte[] octets) {
        if (octets.length > 0) {
            new AgentControl().take(octets);
        }
    }

    private void take(byte[] octets) {
        domain.register(OWN, now);
        domain.subscribe(WANTED, now);
        if (!domain.resolve(ASKED, Optional.empty(), now)) {
            throw new AssertionError("an EID that is not known is not asked for");
        }
        var sent = domain.poll(now).send().stream().map(Transmission::message).toList();
        var datagram = ByteBuffer.wrap(octets.clone(), 1, octets.length - 1).slice();
        int question = octets[0] & 3;
        if (question < sent.size() && datagram.remaining() >= 12) {
            datagram.putLong(4, nonce(sent.get(question)).value());
        }
        if (LispCodec.decode(datagram) instanceof Decoded.Message(var message)) {
            check(hear(message, datagram), 2);
        }
        // Whatever that was, the xTR goes on: what it owns it registers, and it stays within
        // bounds.
        for (int i = 0; i < 3; i++) {
            now = now.plus(Duration.ofSeconds(30));
            check(domain.poll(now), 10);
        }
        if (domain.registered().stream().noneMatch(it -> it.eid().equals(OWN))) {
            throw new AssertionError("an EID of its own is forgotten");
        }
        if (domain.cache().entries().size() > CAPACITY) {
            throw new AssertionError("the map-cache grows beyond " + CAPACITY);
        }
    }

    private static Nonce nonce(LispMessage message) {
        return switch (message) {
            case MapRegister register -> register.nonce();
            case EncapsulatedControlMessage ecm when ecm.message() instanceof MapRequest request ->
                    request.nonce();
            default -> throw new AssertionError("not a question: " + message);
        };
    }

    private Outcome hear(LispMessage message, ByteBuffer datagram) {
        return switch (message) {
            case MapNotify notify -> domain.onNotify(notify, SERVER, now);
            case MapReply reply when domain.awaits(reply) -> domain.onReply(reply, datagram, now);
            case EncapsulatedControlMessage ecm
                    when ecm.message() instanceof MapRequest request
                            && domain.answersFor(request) ->
                    domain.onRequest(ecm, request, Optional.empty(), now);
            default -> new Outcome(List.of(), List.of(), List.of());
        };
    }

    private static void check(Outcome outcome, int most) {
        if (outcome.send().size() > most) {
            throw new AssertionError("so many are sent: " + outcome.send());
        }
        for (var it : outcome.send()) {
            if (LispCodec.encode(it.message()).length > 65_507) {
                throw new AssertionError("nobody can send this: " + it.message());
            }
        }
    }
}
