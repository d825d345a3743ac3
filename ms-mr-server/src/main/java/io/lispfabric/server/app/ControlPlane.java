package io.lispfabric.server.app;

import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Vendors;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Effect;
import io.lispfabric.server.core.Leases;
import io.lispfabric.server.core.Registration;
import io.lispfabric.wire.Decoded;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.InfoReply;
import io.lispfabric.wire.InfoRequest;
import io.lispfabric.wire.LispCodec;
import io.lispfabric.wire.LispMessage;
import io.lispfabric.wire.MapNotify;
import io.lispfabric.wire.MapNotifyAck;
import io.lispfabric.wire.MapReferral;
import io.lispfabric.wire.MapRegister;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.SharedExtension;
import io.lispfabric.wire.udp.Datagram;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * All that a packet can cause. It runs on the socket's loop alone: what arrives is decoded,
 * authenticated and answered from the current state, or submitted to the log; what the log releases
 * comes back here and is sent.
 */
final class ControlPlane {
    /** Listeners at their end that one command names. */
    private static final int FORGET_BATCH = 512;

    /** When a command that has not come back is submitted again. */
    private static final Duration CONFIGURE_AGAIN = Duration.ofSeconds(5);

    private final Surroundings around;
    private final Vendors vendors;
    private final MapRegisters registers;
    private final MapRequests requests;
    private final Publications publications;
    private final Leases leases = new Leases();
    private boolean configured;
    private Instant configureNext = Instant.MIN;

    ControlPlane(Surroundings around) {
        this.around = around;
        this.vendors = Vendors.of(around.config().vendors());
        this.registers = new MapRegisters(around);
        this.requests = new MapRequests(around);
        this.publications = new Publications(around, requests::mayAnswer, requests::charge);
    }

    void receive(Datagram datagram) {
        switch (LispCodec.decode(datagram.payload(), vendors)) {
            case Decoded.Malformed(var flaw, var offset) -> {
                around.incidents().malformed(flaw, offset, datagram.source());
            }
            case Decoded.Message(var message) -> {
                around.metrics().received(message);
                var source = Ip.of(datagram.source().getAddress());
                receive(
                        message,
                        From.direct(source, datagram.source().getPort()),
                        datagram.payload());
            }
        }
    }

    private void receive(LispMessage message, From from, ByteBuffer payload) {
        if (!(message instanceof MapNotifyAck)) {
            // What was acknowledged before this came is in the log before it.
            publications.handOn();
        }
        switch (message) {
            case EncapsulatedControlMessage ecm when ecm.message() instanceof MapRequest request ->
                    requests.receive(request, from.in(ecm));
            case MapRequest request -> requests.receive(request, from);
            case MapRegister _, MapNotifyAck _
                    when around.config().role() == ServerConfig.Role.MAP_RESOLVER ->
                    around.drop(Drop.NOT_OUR_ROLE, from.address(), message.type());
            case MapRegister register -> registers.receive(register, from, payload);
            case MapNotifyAck ack -> publications.receive(ack, from.address(), payload);
            case MapReply reply -> around.drop(Drop.MAP_REPLY, from.address(), reply.nonce());
            case EncapsulatedControlMessage _,
                    MapNotify _,
                    MapReferral _,
                    InfoRequest _,
                    InfoReply _,
                    SharedExtension _ ->
                    around.metrics().dropped(Drop.UNEXPECTED);
        }
    }

    /**
     * What a committed command leads to.
     *
     * @throws RuntimeException after all of it, when one of them has met a mistake of ours: the
     *     others are for other xTRs
     * @return whether more is due now
     */
    boolean release(List<Effect> effects) {
        Mistakes.afterAll(effects, this::release);
        return publish();
    }

    private void release(Effect effect) {
        switch (effect) {
            case Effect.Answer answer when answer.origin() == around.origin() ->
                    registers.answer(answer);
            case Effect.Heard heard -> leases.onHeard(heard, steadyMillis());
            case Effect.Refreshed refreshed -> {
                leases.onRefreshed(refreshed, steadyMillis());
                if (refreshed.origin() == around.origin()) {
                    registers.refreshed(refreshed);
                }
            }
            case Effect.Unfit unfit when unfit.origin() == around.origin() ->
                    registers.unfit(unfit);
            case Effect.NotSubscribed(var asked) when asked.origin() == around.origin() ->
                    requests.onNotSubscribed(asked);
            case Effect.NotAuthenticated(var asked) when asked.origin() == around.origin() ->
                    requests.onNotAuthenticated(asked);
            case Effect.Replayed(var heardBy, var who, var nonce)
                    when heardBy == around.origin() -> {
                registers.replayed(who, nonce);
                around.drop(Drop.REPLAYED, who, nonce);
            }
            case Effect.Crowded(var heardBy, var who, var eid) when heardBy == around.origin() ->
                    around.drop(Drop.TOO_MANY_XTRS, who, eid);
            case Effect.Conflicting(var heardBy, var who, var eid)
                    when heardBy == around.origin() ->
                    around.drop(Drop.PREFIX_CONFLICT, who, eid);
            case Effect.Outdated(var heardBy, var who, var eid) when heardBy == around.origin() ->
                    around.drop(Drop.OUTDATED, who, eid);
            case Effect.Publish publish when publications.leads() ->
                    publications.onPublish(publish);
            case Effect.Dismiss(
                            var credentials,
                            var recipient,
                            var to,
                            var port,
                            var nonce,
                            var record)
                    when publications.leads() ->
                    requests.charge(
                            to,
                            around.outbox()
                                    .sendNotify(
                                            credentials,
                                            recipient,
                                            to,
                                            port,
                                            nonce,
                                            List.of(record)));
            case Effect _ -> {} // another replica's to do
        }
    }

    void lead(boolean leading) {
        if (leading) {
            leases.onLeading();
        } else {
            leases.onFollowing();
        }
        configured = false;
        configureNext = Instant.MIN;
        publications.lead(leading);
    }

    /**
     * Sends what is due. Called often.
     *
     * @return whether more is due now
     */
    boolean publish() {
        return publications.publish();
    }

    /** Goes on with what takes long, a part at a time. Called often. */
    void goOn() {
        if (leases.looks()) {
            lookAtLeases();
        }
        registers.goOn();
    }

    /**
     * A new leader brings the subscriptions that it is configured with into the state, and ends
     * those that the last one was; its settings count, should they differ (RFC 9437 §5).
     */
    private void configure() {
        if (configured || around.now().isBefore(configureNext)) {
            return;
        }
        var explicit = around.config().subscriptions().explicit();
        configured = around.state().isConfigured(explicit);
        if (!configured) {
            around.submit(new Command.Configure(around.millis(), explicit));
            configureNext = around.now().plus(CONFIGURE_AGAIN);
        }
    }

    /** Lets go of what was not refreshed, or has an end. Called every second or so. */
    void expire() {
        if (publications.leads()) {
            configure();
            long now = around.millis();
            var over = around.state().dueListeners(now, FORGET_BATCH);
            if (!over.isEmpty()) {
                around.submit(new Command.Forget(now, over));
            }
            lookAtLeases();
        }
    }

    private void lookAtLeases() {
        long bereaved = around.config().subscriptions().bereaved().toMillis();
        leases.poll(around.state(), steadyMillis(), around.millis(), bereaved)
                .forEach(around::submit);
    }

    private long steadyMillis() {
        return around.steadyMillis().getAsLong();
    }

    /**
     * How long a registration will last unless it is refreshed; empty when this member does not
     * lead, and so does not know. Any thread may ask.
     */
    Optional<Duration> left(Registration it) {
        var left = leases.leftMillis(it, steadyMillis());
        return left.isPresent()
                ? Optional.of(Duration.ofMillis(left.getAsLong()))
                : Optional.empty();
    }

    /** How many leases this member counts the time of: none unless it leads. Any thread may ask. */
    int leases() {
        return leases.remembered();
    }

    /** How many Map-Notifies wait for their acknowledgement. */
    int outstanding() {
        return publications.outstanding();
    }
}
