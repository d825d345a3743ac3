package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.accelerators;
import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.ip;
import static io.lispfabric.server.core.Fixture.plain;
import static io.lispfabric.server.core.Fixture.registered;
import static io.lispfabric.server.core.Fixture.sites;
import static org.assertj.core.api.Assertions.assertThat;

import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.RecordTtl;
import io.lispfabric.wire.ReferralAction;
import io.lispfabric.wire.ReferralRecord;
import java.util.List;
import org.junit.jupiter.api.Test;

class DdtTest {
    private static final Sites SITES =
            sites(plain("40.1.0.0/16"), accelerators("40.2.0.0/16"), plain("name:POD-*"));
    private static final MappingSystem STATE = registered("40.1.7.0/24", "40.2.0.7/32");

    private static Ddt ddt(boolean complete) {
        return new Ddt(
                List.of(eid("40.0.0.0/8")),
                List.of(ip("192.0.2.202"), ip("192.0.2.201")),
                complete);
    }

    private static ReferralRecord referral(String asked) {
        return ddt(true).referral(STATE, SITES, eid(asked));
    }

    private static List<String> referrals(ReferralRecord record) {
        return record.referrals().stream().map(it -> it.rloc().toString()).toList();
    }

    @Rfc("8111 §6.1")
    @Rfc("8111 §6.2")
    @Test
    void whatIsRegisteredIsAcknowledgedWithAllWhoServeIt() {
        var ack = referral("40.1.7.1");
        assertThat(ack.action()).isEqualTo(ReferralAction.MS_ACK);
        assertThat(ack.eid()).isEqualTo(eid("40.1.0.0/16"));
        assertThat(ack.ttl()).isEqualTo(RecordTtl.ONE_DAY);
        assertThat(ack.incomplete()).isFalse();
        assertThat(referrals(ack)).containsExactly("192.0.2.201", "192.0.2.202");
    }

    @Rfc("8111 §6.3")
    @Test
    void aSetThatMayNotBeAllIsIncomplete() {
        assertThat(ddt(false).referral(STATE, SITES, eid("40.1.7.1")).incomplete()).isTrue();
        assertThat(ddt(false).referral(STATE, SITES, eid("40.1.8.1")).incomplete()).isTrue();
        assertThat(ddt(false).referral(STATE, SITES, eid("40.9.0.1")).incomplete()).isFalse();
        assertThat(ddt(true).referral(STATE, SITES, eid("50.0.0.1")).incomplete()).isTrue();
    }

    @Rfc("8111 §6.1")
    @Rfc("8111 §7.3.2")
    @Test
    void whatIsConfiguredAndNotRegisteredIsSaidOfTheEmptyPartAlone() {
        var none = referral("40.1.8.1");
        assertThat(none.action()).isEqualTo(ReferralAction.MS_NOT_REGISTERED);
        assertThat(none.eid()).isEqualTo(eid("40.1.8.0/21"));
        assertThat(none.ttl()).isEqualTo(RecordTtl.ONE_MINUTE);
        assertThat(referrals(none)).hasSize(2);
        assertThat(referral("40.2.0.9").eid()).isEqualTo(eid("40.2.0.8/29"));
        assertThat(referral("name:POD-D-7").eid()).isEqualTo(eid("name:POD-D-7"));
    }

    @Rfc("8111 §7.1.2")
    @Test
    void aHoleInWhatIsDelegatedIsAsLargeAsItIs() {
        var hole = referral("40.9.0.1");
        assertThat(hole.action()).isEqualTo(ReferralAction.DELEGATION_HOLE);
        assertThat(hole.eid()).isEqualTo(eid("40.8.0.0/13"));
        assertThat(hole.ttl()).isEqualTo(RecordTtl.FIFTEEN_MINUTES);
        assertThat(hole.referrals()).isEmpty();
        // And not larger than what is delegated, be there ever so little in it.
        assertThat(ddt(true).referral(MappingSystem.EMPTY, sites(), eid("40.9.0.1")).eid())
                .isEqualTo(eid("40.0.0.0/8"));
    }

    /** One record cannot tell of two kinds, so it tells of where the prefix begins. */
    @Rfc("8111 §6.1")
    @Rfc("8111 §7.1.2")
    @Test
    void nothingIsSaidOfAPrefixThatIsNotTrueOfAllOfIt() {
        var hole = referral("40.0.0.0/8");
        assertThat(hole.action()).isEqualTo(ReferralAction.DELEGATION_HOLE);
        assertThat(hole.eid()).isEqualTo(eid("40.0.0.0/16"));
        var none = referral("40.2.0.0/16");
        assertThat(none.action()).isEqualTo(ReferralAction.MS_NOT_REGISTERED);
        assertThat(STATE.mappings().below(BitKey.of(none.eid()), 1)).isEmpty();
    }

    @Rfc("8111 §6.1")
    @Rfc("8111 §7.1.2")
    @Test
    void forTheRestNobodyIsAuthoritativeHere() {
        for (var asked : List.of("50.0.0.1", "[2]40.1.7.1")) {
            var not = referral(asked);
            assertThat(not.action()).isEqualTo(ReferralAction.NOT_AUTHORITATIVE);
            assertThat(not.eid()).isEqualTo(eid(asked));
            assertThat(not.ttl()).isEqualTo(RecordTtl.REMOVE);
            assertThat(not.referrals()).isEmpty();
            assertThat(not.incomplete()).isTrue();
        }
    }
}
