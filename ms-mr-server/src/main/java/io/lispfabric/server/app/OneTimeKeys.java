package io.lispfabric.server.app;

import io.lispfabric.wire.EcmAd;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.auth.KeyWrap;
import io.lispfabric.wire.auth.LispSec;
import io.lispfabric.wire.auth.OneTimeKey;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Takes the one-time keys out of protected Map-Requests (RFC 9303 §6.5, §6.6). Map-Resolver and
 * Map-Server are one process, so that such a key never travels between them.
 */
final class OneTimeKeys {
    /** There is no DTLS, so a key in the clear MUST be dropped (RFC 9303 §6.5, §6.7.1). */
    private static final Set<KeyWrap> ACCEPTED = EnumSet.of(KeyWrap.AES_128_HKDF_SHA256);

    private final ServerConfig.LispSec settings;

    OneTimeKeys(ServerConfig.LispSec settings) {
        this.settings = settings;
    }

    /** What became of it. */
    sealed interface Opened {
        /** The key, and what is wanted with it. */
        record Key(Protection protection) implements Opened {}

        /** The whole message is to be discarded. */
        record Refused(Drop why) implements Opened {}
    }

    /**
     * Opens what an ITR has wrapped.
     *
     * @param nonce the Map-Request's
     */
    Opened open(EcmAd data, Nonce nonce) {
        if (KeyWrap.of(data.otk().wrappingId()).filter(ACCEPTED::contains).isEmpty()) {
            return new Opened.Refused(Drop.KEY_NOT_WRAPPED);
        }
        var secret = settings.key(data.otk().keyId());
        if (secret.isEmpty()) {
            return new Opened.Refused(Drop.UNKNOWN_ITR_KEY);
        }
        Optional<OneTimeKey> otk =
                LispSec.unwrap(data.otk(), nonce, secret.get().secret(), ACCEPTED);
        return otk.<Opened>map(it -> new Opened.Key(Protection.of(data, it)))
                .orElseGet(() -> new Opened.Refused(Drop.BAD_KEY_WRAP));
    }
}
