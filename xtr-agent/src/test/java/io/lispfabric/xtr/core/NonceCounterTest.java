package io.lispfabric.xtr.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.Nonce;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class NonceCounterTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Property(tries = 200)
    @Rfc("9301 §5.6")
    void whateverIsUsedHasBeenReservedBefore(
            @ForAll List<@LongRange(min = 1, max = 5000) Long> steps) {
        var reserved = new Nonce[] {new Nonce(7)};
        var counter = new NonceCounter(new Nonce(7), 100, it -> reserved[0] = it);
        var last = new Nonce(7);
        for (long step : steps) {
            var next = counter.leap(step);
            assertThat(next.isGreaterThan(last)).isTrue();
            assertThat(next.isGreaterThan(reserved[0])).isFalse();
            last = next;
        }
    }

    @Test
    @Rfc("9301 §5.6")
    @Rfc("9437 §5")
    void aCrashSkipsNoncesAndRepeatsNone() {
        var reserved = new ArrayList<Nonce>();
        var counter = new NonceCounter(new Nonce(0), 1024, reserved::add);
        var used = counter.next();
        for (int i = 0; i < 1500; i++) {
            used = counter.next();
        }
        assertThat(reserved).hasSize(2);

        var again = NonceCounter.start(Instant.EPOCH, 0, Optional.of(reserved.getLast()));
        assertThat(again.isGreaterThan(used)).isTrue();
    }

    @Test
    @Rfc("9301 §5.6")
    void withoutAMemoryTheClockMakesThemGrow() {
        var first = NonceCounter.start(NOW, -1, Optional.empty());
        var later = NonceCounter.start(NOW.plusSeconds(1), 0, Optional.empty());
        assertThat(first.value() >>> 32).isEqualTo(NOW.getEpochSecond());
        assertThat(later.isGreaterThan(first)).isTrue();
        assertThat(NonceCounter.start(NOW, 0, Optional.of(later))).isEqualTo(later);
    }

    @Test
    @Rfc("9437 §4")
    void whatTheOtherSideHasUsedIsNotUsedAgain() {
        var counter = new NonceCounter(new Nonce(5), 10, NonceCounter.Reservation.NONE);
        counter.saw(new Nonce(9));
        counter.saw(new Nonce(3));
        assertThat(counter.next()).isEqualTo(new Nonce(10));
    }
}
