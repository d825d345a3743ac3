package io.lispfabric.xtr.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Nonce;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NonceFileTest {
    @TempDir private Path folder;

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9437 §5")
    void whatWasReservedIsReadAgain() throws Exception {
        var file = new NonceFile(folder.resolve("nonces"));
        assertThat(file.read()).isEmpty();
        file.upTo(new Nonce(1024));
        file.upTo(new Nonce(-2));
        assertThat(new NonceFile(folder.resolve("nonces")).read()).contains(new Nonce(-2));
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aFileThatHoldsSomethingElseIsNotOverwritten() throws Exception {
        var path = folder.resolve("nonces");
        Files.writeString(path, "something else");
        assertThatThrownBy(() -> new NonceFile(path).read())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not hold a nonce");
    }
}
