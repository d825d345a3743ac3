package io.lispfabric.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static final ObjectMapper JACKSON = new ObjectMapper();

    @Property(tries = 300)
    void everyTextIsReadBackByAnotherParser(@ForAll String name, @ForAll String text)
            throws Exception {
        var json =
                Json.object()
                        .put(name, Stream.of(Json.of(text), Json.object()).collect(Json.toArray()));

        assertThat(JACKSON.readTree(json.pretty()).get(name).get(0).asText()).isEqualTo(text);
        assertThat(JACKSON.readTree(json.line())).isEqualTo(JACKSON.readTree(json.pretty()));
        assertThat(json.line()).doesNotContain("\n");
    }

    @Test
    void nothingIsStillJson() {
        assertThat(Json.object().pretty()).isEqualTo("{}");
        assertThat(Stream.<Json>of().collect(Json.toArray()).pretty()).isEqualTo("[]");
    }

    @Test
    void numbersThatOtherParsersWouldRoundAreRefused() {
        assertThat(Json.object().put("a", 0xFFFF_FFFFL).line()).isEqualTo("{ \"a\": 4294967295 }");
        assertThatThrownBy(() -> Json.object().put("a", 1L << 32))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Json.object().put("a", Double.NaN))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
