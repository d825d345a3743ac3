package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.server.core.Command;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.MapResolver;
import io.lispfabric.server.core.Site;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.EncapsulatedControlMessage;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.MapRequest;
import io.lispfabric.wire.MappingRecord;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import java.util.Optional;

/** Map-Requests: questions, subscriptions and their ends (RFC 9301 §8.3, RFC 9437 §5). */
final class MapRequests {
    /**
     * RFC 9301 §5: where the path MTU is not known, 576 octets of IPv4 or 1280 of IPv6, less IP,
     * UDP and the Map-Reply's own header.
     */
    private static final int ROOM_IPV4 = 576 - 20 - 8 - 12;

    private static final int ROOM_IPV6 = 1280 - 40 - 8 - 12;

    /** Subscriptions under way; the answers to older ones are then lost, as a packet may be. */
    private static final int MOST_WAITING = 16_384;

    private final Surroundings around;
    private final RateLimit replies;
    private final BoundedMap<Question, Waiting> waiting = new BoundedMap<>(MOST_WAITING);

    MapRequests(Surroundings around) {
        this.around = around;
        int perSecond = around.config().repliesPerSecond();
        this.replies = new RateLimit(perSecond, 2 * perSecond);
    }

    /** One record of a Map-Request. */
    private record Question(Nonce nonce, Eid eid) {}

    /**
     * A Map-Request whose subscription is in the log; needed again if there turns out to be nothing
     * to subscribe to.
     */
    private record Waiting(MapRequest request, From from) {}

    void receive(MapRequest request, From from) {
        if (request.probe()) {
            around.metrics()
                    .dropped(Drop.PROBE); // RFC 9301 §5.2: it MUST NOT come by the mapping system
        } else if (request.unsubscribes()) {
            var identity = request.identity().orElseThrow();
            request.records().stream()
                    .filter(MapRequest.Asked::subscribes)
                    .forEach(asked -> unsubscribe(request, identity, asked.eid(), from));
        } else if (request.itrRlocs().getFirst() == LispAddress.None.NONE) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
        } else {
            for (var asked : request.records()) {
                if (asked.subscribes() && request.identity().isPresent()) {
                    subscribe(request, request.identity().get(), asked.eid(), from);
                } else {
                    answer(request, asked.eid(), from);
                }
            }
        }
    }

    private void answer(MapRequest request, Eid eid, From from) {
        if (request.dontMapReply()) {
            around.metrics().dropped(Drop.NO_REPLY_WANTED);
            return;
        }
        var to = answerTo(request, from);
        if (to.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        int room = to.get() instanceof LispAddress.Ipv4 ? ROOM_IPV4 : ROOM_IPV6;
        switch (MapResolver.answer(around.state(), around.config().sites(), eid, room)) {
            case MapResolver.Answer.Reply(var records) -> reply(request, to.get(), from, records);
            case MapResolver.Answer.Forward(var etrs) -> forward(request, eid, from, etrs);
        }
    }

    private void reply(MapRequest request, Ip to, From from, List<MappingRecord> records) {
        if (!replies.allows(to, around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        around.outbox()
                .send(to, from.replyPort(), new MapReply(false, false, request.nonce(), records));
    }

    /** RFC 9301 §8.3: the ETR itself answers; the inner Map-Request goes on unaltered. */
    private void forward(MapRequest request, Eid eid, From from, List<Ip> etrs) {
        var etr = etrs.stream().filter(it -> reaches(it)).findFirst();
        if (etr.isEmpty() || !replies.allows(etr.get(), around.now())) {
            around.metrics().dropped(etr.isEmpty() ? Drop.NO_USABLE_ITR_RLOC : Drop.RATE_LIMITED);
            return;
        }
        var inner =
                eid.prefix().address() instanceof Ip ip && ip.afi() == from.address().afi()
                        ? ip
                        : etr.get();
        if (from.relayed().isPresent()) {
            around.outbox().send(etr.get(), ServerConfig.LISP_PORT, from.relayed().get());
        } else if (inner.afi() == from.address().afi()) {
            around.outbox()
                    .send(
                            etr.get(),
                            ServerConfig.LISP_PORT,
                            EncapsulatedControlMessage.of(
                                    from.address(),
                                    inner,
                                    from.port(),
                                    ServerConfig.LISP_PORT,
                                    request));
        } else {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
        }
    }

    /** One of the ITR-RLOCs, best the one that the request came from (RFC 9301 §5.5). */
    private Optional<Ip> answerTo(MapRequest request, From from) {
        var usable =
                request.itrRlocs().stream()
                        .flatMap(rloc -> rloc.ip().stream())
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .toList();
        return usable.contains(from.address())
                ? Optional.of(from.address())
                : usable.stream().findFirst();
    }

    /** Whether the socket can send to that family of addresses. */
    private boolean reaches(Ip ip) {
        var bound = around.config().lisp().getAddress();
        return bound.isAnyLocalAddress()
                || bound.getAddress().length == ip.toInetAddress().getAddress().length;
    }

    private void subscribe(MapRequest request, XtrIdentity identity, Eid eid, From from) {
        var site = around.config().sites().withId(identity.siteId());
        if (site.isEmpty()) {
            // RFC 9437 §5: no security association, no subscription.
            refuse(request, eid, from, Action.DROP_AUTH_FAILURE);
            return;
        }
        var addresses =
                request.itrRlocs().stream()
                        .flatMap(rloc -> rloc.ip().stream())
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .toList();
        if (addresses.isEmpty()) {
            around.metrics().dropped(Drop.NO_USABLE_ITR_RLOC);
            return;
        }
        // Its confirmation goes where a stranger may have pointed it, like any Map-Reply.
        if (!replies.allows(addresses.getFirst(), around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        waiting.put(new Question(request.nonce(), eid), new Waiting(request, from));
        around.submit(
                new Command.Subscribe(
                        around.origin(),
                        around.millis(),
                        credentials(site.get(), identity),
                        identity,
                        request.nonce(),
                        addresses,
                        around.notifyPort(addresses.getFirst(), from.replyPort()),
                        eid,
                        around.config().sites().leastLength(eid),
                        around.config().subscriptions().temporary().isZero()
                                ? Optional.empty()
                                : MapResolver.hole(around.state(), around.config().sites(), eid),
                        around.config().subscriptions().temporary().toMillis(),
                        around.config().subscriptions().mostUnconfirmed()));
    }

    private void unsubscribe(MapRequest request, XtrIdentity identity, Eid eid, From from) {
        // RFC 9437 §5: the answer goes to the source of the request; inside an ECM, that is who
        // made it, unless it is an EID.
        var source =
                from.relayed()
                        .map(EncapsulatedControlMessage::source)
                        .filter(Ip::isUnicast)
                        .filter(this::reaches)
                        .orElse(from.address());
        if (!replies.allows(source, around.now())) {
            around.metrics().dropped(Drop.RATE_LIMITED);
            return;
        }
        var site = around.config().sites().withId(identity.siteId());
        if (site.isEmpty()) {
            around.outbox()
                    .send(
                            source,
                            from.replyPort(),
                            negative(request, eid, Action.DROP_AUTH_FAILURE));
            return;
        }
        around.submit(
                new Command.Unsubscribe(
                        around.origin(),
                        around.millis(),
                        credentials(site.get(), identity),
                        identity,
                        request.nonce(),
                        eid,
                        source,
                        around.notifyPort(source, from.replyPort()),
                        around.config().subscriptions().mostUnconfirmed()));
    }

    /** The key that the xTR registers with, if it does; else the site's first. */
    private Credentials credentials(Site site, XtrIdentity identity) {
        return around.state()
                .member(site.name(), identity)
                .map(member -> site.live(member.contact().credentials()))
                .orElseGet(site::defaultCredentials);
    }

    private void refuse(MapRequest request, Eid eid, From from, Action action) {
        answerTo(request, from)
                .filter(to -> replies.allows(to, around.now()))
                .ifPresent(to ->
                        around.outbox().send(to, from.replyPort(), negative(request, eid, action)));
    }

    private static MapReply negative(MapRequest request, Eid eid, Action action) {
        return new MapReply(
                false,
                false,
                request.nonce(),
                List.of(MappingRecord.negative(RecordTtl.ONE_MINUTE, action, eid)));
    }

    /** The log has found nothing to subscribe to: answers as if it had not been asked. */
    void onNotSubscribed(Command.Subscribe asked) {
        Optional.ofNullable(waiting.remove(new Question(asked.nonce(), asked.asked())))
                .ifPresent(it -> answer(it.request(), asked.asked(), it.from()));
    }
}
