package io.lispfabric.server.core;

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
    NONE
}
