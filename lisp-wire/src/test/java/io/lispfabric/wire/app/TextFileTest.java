package io.lispfabric.wire.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a file that a user names is said in words. */
class TextFileTest {
    @TempDir Path folder;

    @Test
    void aTextIsReadUpToItsBound() throws IOException {
        var file = Files.writeString(folder.resolve("a"), "secret\n");
        assertThat(TextFile.read(file, 7)).isEqualTo("secret\n");
        assertThat(TextFile.secret(file)).asString().isEqualTo("secret");
        refused(file, 6, "it has more than 6 octets");
    }

    @Test
    void whatIsNoTextIsSaidInWords() throws IOException {
        refused(folder.resolve("none"), 9, "there is no such file");
        refused(folder, 9, "it is a folder");
        var octets = Files.write(folder.resolve("octets"), new byte[] {(byte) 0xC3, 0x28});
        refused(octets, 9, "it is no text in UTF-8");
    }

    @Test
    void aSecretThatEveryUserMayReadIsKnown() throws IOException {
        var file = Files.writeString(folder.resolve("key"), "secret\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(TextFile.isOpenToAll(file)).isTrue();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(TextFile.isOpenToAll(file)).isFalse();
        assertThat(TextFile.isOpenToAll(folder.resolve("none"))).isFalse();
    }

    /** It might never end. */
    @Test
    void aDeviceIsNoOrdinaryFileAndIsReadUpToItsBoundWhereOneMayBeNamed() {
        var endless = Path.of("/dev/zero");
        refused(endless, 9, "it is no ordinary file");
        assertThatThrownBy(() -> TextFile.secret(endless))
                .isInstanceOf(IOException.class)
                .hasMessage("it has more than 4096 octets");
    }

    private static void refused(Path file, int most, String why) {
        assertThatThrownBy(() -> TextFile.read(file, most))
                .isInstanceOf(IOException.class)
                .hasMessage(why);
    }
}
