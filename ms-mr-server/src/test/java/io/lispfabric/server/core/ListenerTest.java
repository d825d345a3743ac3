package io.lispfabric.server.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Eid;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.server.core.Candidate.Wish;
import io.lispfabric.server.core.Listener.Standing;
import io.lispfabric.wire.Action;
import io.lispfabric.wire.Nonce;
import io.lispfabric.wire.SiteId;
import io.lispfabric.wire.XtrId;
import io.lispfabric.wire.XtrIdentity;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of too many that ask in the name of one xTR, those go that are the least likely to be it. */
@Rfc("9437 §5")
class ListenerTest {
    private static final Eid PREFIX = Eid.of(1, "40.0.0.0/16");
    private static final String HOME = "192.0.2.11";
    private static final int MOST = 16;

    @Test
    void whoFloodsFromOneAddressTakesItsOwnPlacesAlone() {
        var listener = asked().asking(from("192.0.2.12", 1));
        for (int i = 0; i < 3 * MOST; i++) {
            listener = listener.asking(from("198.51.100.66", 1_000_000L * (i + 2)));
        }
        assertThat(listener.candidates()).hasSize(MOST).contains(from("192.0.2.12", 1));
    }

    @Test
    void whereTheXtrWasHeardFromKeepsItsPlaceHoweverManyAddressesAreMadeUp() {
        var listener = active().asking(from(HOME, 1));
        for (int i = 0; i < 3 * MOST; i++) {
            listener = listener.asking(from("198.51.100." + (i + 1), 1_000_000L * (i + 2)));
        }
        assertThat(listener.candidates()).hasSize(MOST).contains(from(HOME, 1));
    }

    @Test
    void whenTheXtrItselfHasTakenAllPlacesAStrangerIsNotHeard() {
        var listener = active();
        for (int i = 0; i < MOST; i++) {
            listener = listener.asking(from(HOME, 1_000_000L * (i + 2)));
        }
        assertThat(listener.admits(from("198.51.100.66", 9))).isFalse();
        assertThat(listener.admits(from(HOME, 9))).isTrue();
    }

    private static Listener asked() {
        return new Listener(
                new ListenerId.Subscriber(
                        PREFIX, new XtrIdentity(new XtrId(0, 0xa1), new SiteId(1))),
                contact(HOME),
                Standing.ASKED,
                new Nonce(0),
                0,
                Long.MAX_VALUE,
                0,
                List.of(),
                PrefixMap.empty());
    }

    private static Listener active() {
        return asked().as(Standing.ACTIVE);
    }

    private static Contact contact(String address) {
        return new Contact(new Credentials("POD-A", 1, 3, 16), List.of(Ip.parse(address)), 4342);
    }

    private static Candidate from(String address, long nonce) {
        return new Candidate(
                Wish.SUBSCRIBE,
                PREFIX,
                contact(address),
                new Nonce(nonce),
                new Nonce(nonce),
                0,
                0,
                Action.NO_ACTION,
                false,
                false);
    }
}
