package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import org.junit.jupiter.api.Test;

class CredentialsTest {
    /**
     * RFC 8060 §4.1 gives it no meaning, so a peer may write anything; we write what an EID may
     * have.
     */
    @Rfc("8060 §4.1")
    @Test
    void anIidMaskLengthThatNoEidCanHaveIsNotRepeated() {
        assertThat(new Credentials("POD-D", 1, 3, 16, 32).iidMaskLength()).isEqualTo(32);
        assertThat(new Credentials("POD-D", 1, 3, 16, 33).iidMaskLength()).isZero();
        assertThat(new Credentials("POD-D", 1, 3, 16, 255).iidMaskLength()).isZero();
    }
}
