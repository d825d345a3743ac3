package io.lispfabric.store.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class EntryTest {
    @Property(tries = 200)
    void whatIsPackedIsUnpackedAndNothingShorterOrLongerIs(
            @ForAll @Size(min = 1, max = Entry.COMMANDS) List<byte[]> commands) {
        var entry = Entry.pack(commands);
        assertThat(Entry.unpack(entry))
                .containsExactlyElementsOf(commands.stream().map(ByteBuffer::wrap).toList());

        for (int length = 0; length < entry.limit(); length += 1 + entry.limit() / 20) {
            var cut = entry.slice(0, length);
            assertThatThrownBy(() -> Entry.unpack(cut))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        var longer = ByteBuffer.wrap(Arrays.copyOf(entry.array(), entry.limit() + 1));
        assertThatThrownBy(() -> Entry.unpack(longer)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property(tries = 500)
    void noOctetsBreakIt(@ForAll @Size(max = 100) byte[] octets) {
        if (octets.length > 0) {
            octets[0] = 1; // past the format
        }
        try {
            assertThat(Entry.unpack(ByteBuffer.wrap(octets))).isNotEmpty();
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("log entry");
        }
    }

    @Test
    void aLengthThatLiesAllocatesNothing() {
        var entry =
                ByteBuffer.allocate(7)
                        .put((byte) 1)
                        .putShort((short) 1)
                        .putInt(Integer.MAX_VALUE)
                        .flip();
        assertThatThrownBy(() -> Entry.unpack(entry)).isInstanceOf(IllegalArgumentException.class);
    }
}
