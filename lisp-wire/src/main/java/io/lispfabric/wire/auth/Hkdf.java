package io.lispfabric.wire.auth;

import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;

/** Extract, then expand (RFC 5869). */
final class Hkdf {
    private Hkdf() {}

    /**
     * So many octets of key. An empty salt is none: as many zeros as the hash has octets (RFC 5869
     * §2.2).
     */
    static byte[] derive(Digest hash, byte[] material, byte[] salt, byte[] info, int length) {
        var hkdf = new HKDFBytesGenerator(hash);
        hkdf.init(new HKDFParameters(material, salt, info));
        var derived = new byte[length];
        hkdf.generateBytes(derived, 0, length);
        return derived;
    }
}
