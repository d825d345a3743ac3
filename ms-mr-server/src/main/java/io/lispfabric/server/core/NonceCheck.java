package io.lispfabric.server.core;

import io.lispfabric.wire.XtrIdentity;
import java.util.Optional;

/** What the nonce of a Map-Register is compared with (RFC 9301 §5.6). */
public enum NonceCheck {
    /** It must be greater than the last one of this xTR under this key. */
    PER_XTR,
    /**
     * It must be greater than the last one under this key, whoever sent that: for a key whose MAC
     * leaves out the xTR-ID, so that anybody could send an old message again in another name.
     */
    PER_KEY,
    /** With nothing: for legacy peers that choose nonces at random. */
    NONE;

    /** Where the last nonce is kept that one of this xTR, under this key, is compared with. */
    BitKey keptAt(String site, int keyId, Optional<XtrIdentity> xtr) {
        return Registrant.of(site, keyId, this == PER_KEY ? Optional.empty() : xtr).nonceKey(keyId);
    }
}
