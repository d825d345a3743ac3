package io.lispfabric.wire.auth;

import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.Nonce;
import java.nio.ByteBuffer;

/**
 * What one transmission of a Map-Request is protected with, and its answer is checked against (RFC
 * 9303 §6.4, §6.9). It lives as long as the question waits, and never longer.
 *
 * @param otk drawn for this transmission alone
 * @param key shared with the Map-Resolver
 * @param hmac what was asked for
 * @param kdf what was asked for
 */
public record Guard(OneTimeKey otk, SharedKey key, LispSecHmac hmac, LispSecKdf kdf) {
    /** What an answer is worth. */
    public enum Verdict {
        GENUINE,
        /** Without EID-AD and PKT-AD. */
        UNPROTECTED,
        /** Signed in another way than was asked for, so that it cannot be taken. */
        OTHER_HMAC,
        /** Signed with a key that was derived in another way. */
        OTHER_KDF,
        /** Signed by somebody else, or changed. */
        FORGED
    }

    /** What goes with the Map-Request (RFC 9303 §6.4). */
    public EcmAd data(Nonce nonce) {
        return new EcmAd(hmac.id(), LispSec.wrap(otk, nonce, key), EidAd.request(kdf.id()));
    }

    /** The security association that a subscription makes with it (RFC 9437 §7.1). */
    public SharedKey association(Nonce nonce) {
        return SharedKey.of(key.keyId(), LispSec.pubSubKey(otk, nonce));
    }

    /**
     * RFC 9303 §6.9.
     *
     * @param payload what {@code reply} was decoded from
     */
    public Verdict judge(MapReply reply, ByteBuffer payload) {
        if (reply.authenticationData().isEmpty()) {
            return Verdict.UNPROTECTED;
        }
        var data = reply.authenticationData().get();
        if (data.eid().hmacId() != hmac.id() || data.packet().hmacId() != hmac.id()) {
            return Verdict.OTHER_HMAC;
        }
        if (data.eid().kdfId() != kdf.id()) {
            return Verdict.OTHER_KDF;
        }
        boolean genuine =
                LispSec.verify(data.eid(), otk)
                        && LispSec.verify(reply, payload, LispSec.msOtk(otk, kdf));
        return genuine ? Verdict.GENUINE : Verdict.FORGED;
    }
}
