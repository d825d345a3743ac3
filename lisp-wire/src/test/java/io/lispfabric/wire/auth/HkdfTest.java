package io.lispfabric.wire.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Bytes;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.junit.jupiter.api.Test;

/** The test vectors of RFC 5869, appendix A. */
class HkdfTest {
    private static String sha256(String ikm, String salt, String info, int length) {
        return Bytes.of(
                        Hkdf.derive(
                                new SHA256Digest(),
                                Bytes.ofHex(ikm).toArray(),
                                Bytes.ofHex(salt).toArray(),
                                Bytes.ofHex(info).toArray(),
                                length))
                .hex();
    }

    private static String sha1(String ikm, String salt, String info, int length) {
        return Bytes.of(
                        Hkdf.derive(
                                new SHA1Digest(),
                                Bytes.ofHex(ikm).toArray(),
                                Bytes.ofHex(salt).toArray(),
                                Bytes.ofHex(info).toArray(),
                                length))
                .hex();
    }

    private static String octets(int from, int to) {
        var octets = new byte[to - from];
        for (int i = 0; i < octets.length; i++) {
            octets[i] = (byte) (from + i);
        }
        return Bytes.of(octets).hex();
    }

    @Test
    void testCases1To3WithSha256() {
        assertThat(sha256("0b".repeat(22), octets(0, 0x0d), octets(0xf0, 0xfa), 42))
                .isEqualTo(
                        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                                + "34007208d5b887185865");
        assertThat(sha256(octets(0, 0x50), octets(0x60, 0xb0), octets(0xb0, 0x100), 82))
                .isEqualTo(
                        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                                + "cc30c58179ec3e87c14c01d5c1f3434f1d87");
        assertThat(sha256("0b".repeat(22), "", "", 42))
                .isEqualTo(
                        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                                + "9d201395faa4b61a96c8");
    }

    @Test
    void testCases4To7WithSha1() {
        assertThat(sha1("0b".repeat(11), octets(0, 0x0d), octets(0xf0, 0xfa), 42))
                .isEqualTo(
                        "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2"
                                + "c22e422478d305f3f896");
        assertThat(sha1(octets(0, 0x50), octets(0x60, 0xb0), octets(0xb0, 0x100), 82))
                .isEqualTo(
                        "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe"
                                + "8fa3f1a4e5ad79f3f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e"
                                + "927336d0441f4c4300e2cff0d0900b52d3b4");
        assertThat(sha1("0b".repeat(22), "", "", 42))
                .isEqualTo(
                        "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0"
                                + "ea00033de03984d34918");
        assertThat(sha1("0c".repeat(22), "", "", 42))
                .isEqualTo(
                        "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5"
                                + "673a081d70cce7acfc48");
    }
}
