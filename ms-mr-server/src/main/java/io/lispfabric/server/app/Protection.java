package io.lispfabric.server.app;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.WireWriter;
import io.lispfabric.server.core.Credentials;
import io.lispfabric.server.core.PubSubKey;
import io.lispfabric.server.core.UsedKey;
import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.EidAd;
import io.lispfabric.wire.MapReply;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.wire.auth.OneTimeKey;
import io.lispfabric.wire.auth.SharedKey;
import java.util.List;

/**
 * What a protected Map-Request brings along: the one-time key for its answer, and how its ITR would
 * like that to be signed (RFC 9303 §6.4). A wish that we do not know is not granted, and the answer
 * says what was used instead (RFC 9303 §6.7.1, §6.8).
 *
 * @param keyId of the secret that the key was wrapped with
 * @param requestedHmacId as the ITR wrote it, since an ETR may know what we do not
 */
record Protection(
        OneTimeKey itrOtk, int keyId, int requestedHmacId, LispSecHmac hmac, LispSecKdf kdf) {
    /**
     * AD types, lengths and ids of EID-AD and PKT-AD, and one record's mask-len (RFC 9303 §6.2).
     */
    private static final int FIXED_OCTETS = 4 + 8 + 2 + 4;

    static Protection of(EcmAd wishes, OneTimeKey itrOtk) {
        return new Protection(
                itrOtk,
                wishes.otk().keyId(),
                wishes.requestedHmacId(),
                LispSecHmac.of(wishes.requestedHmacId()).orElse(LispSecHmac.SHA256_128),
                LispSecKdf.of(wishes.eid().kdfId()).orElse(LispSecKdf.HKDF_SHA256));
    }

    /** The octets that signing adds to an answer about this EID. */
    int octets(Eid eid) {
        var out = new WireWriter();
        eid.write(out);
        return FIXED_OCTETS + out.size() + 2 * hmac.length();
    }

    /** A proxy Map-Reply: both signatures are ours (RFC 9303 §6.7.2). */
    MapReply sign(MapReply reply, List<Eid> vouched, boolean etrCantSign) {
        return LispSec.sign(reply, vouch(vouched, etrCantSign), hmac, LispSec.msOtk(itrOtk, kdf));
    }

    /** What goes with the Map-Request to an ETR, which is to sign itself (RFC 9303 §6.7.1). */
    EcmAd forEtr(List<Eid> vouched, boolean etrCantSign, Nonce nonce, SharedKey etrKey) {
        return new EcmAd(
                requestedHmacId,
                LispSec.wrap(LispSec.msOtk(itrOtk, kdf), nonce, etrKey),
                vouch(vouched, etrCantSign));
    }

    /** The security association that it makes (RFC 9437 §7.1). */
    Credentials credentials(String site, Nonce nonce) {
        return Credentials.of(site, keyId, new PubSubKey(LispSec.pubSubKey(itrOtk, nonce)));
    }

    /** What shows later that it has been used. */
    UsedKey proof(long untilMillis) {
        return new UsedKey(LispSec.fingerprint(itrOtk), keyId, untilMillis);
    }

    private EidAd vouch(List<Eid> vouched, boolean etrCantSign) {
        return LispSec.vouch(vouched, etrCantSign, kdf, hmac, itrOtk);
    }
}
