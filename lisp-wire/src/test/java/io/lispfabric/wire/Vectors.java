package io.lispfabric.wire;

import io.lispfabric.lcaf.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Messages written by hand or captured from others: {@code src/test/resources/vectors}. */
public final class Vectors {
    /** All of them. */
    public static final List<String> NAMES =
            List.of(
                    "ecm-lisp-sec-itr",
                    "ecm-lisp-sec-ms",
                    "ecm-map-request-ipv4",
                    "ecm-map-request-ipv6-odd",
                    "info-reply",
                    "info-request",
                    "map-notify",
                    "map-notify-ack",
                    "map-notify-ack-with-xtr-id",
                    "map-notify-with-xtr-id",
                    "map-referral",
                    "map-referral-ms-ack",
                    "map-register-hkdf",
                    "map-register-repeated",
                    "map-register-sha1",
                    "map-register-sha256",
                    "map-register-sha256-uncut",
                    "map-register-withdrawal",
                    "map-reply-lisp-sec",
                    "map-reply-lisp-sec-sha1",
                    "map-reply-negative-drop",
                    "map-reply-proxy",
                    "map-reply-rloc-probe",
                    "map-request-rloc-probe",
                    "map-request-smr-with-mapping",
                    "map-request-subscription",
                    "map-request-unsubscription",
                    "oor-ecm-map-request",
                    "oor-map-register",
                    "shared-extension");

    private Vectors() {}

    /** The octets of {@code vectors/NAME.hex}, where {@code #} begins a remark. */
    public static Bytes read(String name) {
        try (var in = Vectors.class.getResourceAsStream("/vectors/" + name + ".hex")) {
            if (in == null) {
                throw new IllegalArgumentException("no vector of that name: " + name);
            }
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Bytes.ofHex(text.replaceAll("#.*", ""));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The message that the octets are, which they must be. */
    public static LispMessage decoded(String name) {
        return switch (LispCodec.decode(read(name).buffer())) {
            case Decoded.Message(var message) -> message;
            case Decoded.Malformed(var flaw, var offset) ->
                    throw new AssertionError(name + ": " + flaw + " at " + offset);
        };
    }
}
