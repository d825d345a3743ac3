package io.lispfabric.conformance.blackbox;

import static io.lispfabric.conformance.blackbox.Talk.answering;
import static io.lispfabric.conformance.blackbox.Talk.check;
import static io.lispfabric.conformance.blackbox.Talk.same;

import io.lispfabric.conformance.blackbox.Case.Body;
import io.lispfabric.conformance.blackbox.Case.Need;
import io.lispfabric.conformance.blackbox.Case.Role;
import java.util.List;
import java.util.Set;

/** Which key authenticates what, and for how long (RFC 9301 §5.6, §8.2). */
final class KeyCases {
    private static final String A = "192.0.2.1";
    private static final String B = "192.0.2.2";
    private static final String C = "192.0.2.3";

    private KeyCases() {}

    private static Case with(Need key, String id, String rfc, String text, Body body) {
        return Case.of(
                id, rfc, text, Set.of(Role.MS), List.of(Need.ANSWERS, Need.REGISTERS, key), body);
    }

    static List<Case> all() {
        return List.of(
                with(
                        Need.SECOND_KEY,
                        "key.second",
                        "9301 §5.6",
                        "Two keys of a site are good at the same time, so that secrets can be"
                                + " changed without a break; the Map-Notify has the key used.",
                        talk -> {
                            var etr = talk.registered(A);
                            var second = talk.secondKey();
                            var notify =
                                    talk.register(
                                            etr.register(MappingOctets.of(talk.ipv4(), B)), second);
                            same(second.keyId(), notify.keyId(), "the Key ID");
                            check(
                                    second.vouchesFor(notify.octets()),
                                    "the MAC of the Map-Notify is not made with the second key");
                            talk.expectRegistered(talk.ipv4(), B);
                            talk.register(etr, C);
                            talk.expectRegistered(talk.ipv4(), C);
                        }),
                with(
                        Need.SECOND_KEY,
                        "key.nonces",
                        "9301 §5.6",
                        "The last nonce is kept per xTR-ID and key: with another key an xTR may"
                                + " start lower, and a replay is one under that key too.",
                        talk -> {
                            long lower = talk.nonce();
                            var etr = talk.registered(A);
                            var message =
                                    etr.register(MappingOctets.of(talk.ipv4(), B))
                                            .sealed(lower, talk.secondKey());
                            talk.send("Map-Register with the second key", message);
                            talk.expect("Map-Notify", answering(Heard.NOTIFY, lower));
                            talk.register(etr, C);
                            talk.send("that Map-Register again", message);
                            talk.expectNone("Map-Notify", answering(Heard.NOTIFY, lower));
                            talk.expectRegistered(talk.ipv4(), C);
                        }),
                with(
                        Need.SECOND_KEY,
                        "key.crossed",
                        "9301 §5.6",
                        "The Key ID says which secret it is: another live one of the site does not"
                                + " do.",
                        talk ->
                                talk.refused(
                                        "Map-Register with the second secret under the first Key"
                                                + " ID",
                                        talk.xtr()
                                                .register(MappingOctets.of(talk.ipv4(), A))
                                                .sealed(
                                                        talk.nonce(),
                                                        talk.secondKey()
                                                                .withKeyId(talk.secret().keyId())),
                                        talk.ipv4())),
                with(
                        Need.OTHER_SITE,
                        "key.other-site",
                        "9301 §5.6",
                        "A key is good for its own Site-ID only.",
                        talk ->
                                talk.refused(
                                        "Map-Register with the key of another site",
                                        talk.xtr()
                                                .register(MappingOctets.of(talk.ipv4(), A))
                                                .sealed(talk.nonce(), talk.otherSite().secret()),
                                        talk.ipv4())),
                with(
                        Need.OTHER_SITE,
                        "key.other-sites-eid",
                        "9301 §9",
                        "A site with a good key MUST NOT register the EID-Prefix of another.",
                        talk -> {
                            talk.registered(A);
                            var other = talk.otherSite();
                            long nonce = talk.nonce();
                            talk.send(
                                    "Map-Register of another site for our EIDs",
                                    new RegisterOctets(
                                                    talk.xtr().id(),
                                                    other.siteId(),
                                                    List.of(MappingOctets.of(talk.ipv4(), B)))
                                            .sealed(nonce, other.secret()));
                            talk.expectNone(
                                    "Map-Notify of our EIDs",
                                    it ->
                                            answering(Heard.NOTIFY, nonce).test(it)
                                                    && !it.records().isEmpty());
                            talk.expectRegistered(talk.ipv4(), A);
                        }));
    }
}
