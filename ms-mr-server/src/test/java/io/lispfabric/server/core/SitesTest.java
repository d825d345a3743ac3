package io.lispfabric.server.core;

import static io.lispfabric.server.core.Fixture.accelerators;
import static io.lispfabric.server.core.Fixture.eid;
import static io.lispfabric.server.core.Fixture.plain;
import static io.lispfabric.server.core.Fixture.site;
import static io.lispfabric.server.core.Fixture.sites;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.InstanceId;
import io.lispfabric.lcaf.Rfc;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SitesTest {
    @Rfc("9301 §8.2")
    @Test
    void aSiteMayRegisterJustWhatItIsConfiguredFor() {
        var exact = SitePrefix.parse(new InstanceId(1), "40.0.0.0/16", false, false);
        var site = site("POD-D", 4, exact, plain("41.0.0.0/16"), plain("name:POD-D-*"));

        assertThat(site.mayRegister(eid("40.0.0.0/16"))).isTrue();
        assertThat(site.mayRegister(eid("40.0.0.7/32"))).isFalse();
        assertThat(site.mayRegister(eid("41.0.0.7/32"))).isTrue();
        assertThat(site.mayRegister(eid("41.0.0.0/15"))).isFalse();
        assertThat(site.mayRegister(eid("[2]40.0.0.0/16"))).isFalse();
        assertThat(site.mayRegister(eid("name:POD-D-AccID-7"))).isTrue();
        assertThat(site.mayRegister(eid("name:POD-E-AccID-7"))).isFalse();
        assertThat(site("POD-X", 5).mayRegister(eid("40.0.0.0/16"))).isFalse();
    }

    @Rfc("R-020")
    @Rfc("R-022")
    @ParameterizedTest
    @CsvSource({
        "40.0.0.0/16, 40.0.0.0/16",
        "40.0.0.0/8, 40.1.0.0/16",
        "40.1.0.0/16, 40.0.0.0/8",
        "name:POD-*, name:POD-D-*",
        "name:POD-D-*, name:POD-D-AccID-7",
        "name:POD-D-AccID-7, name:POD-D-*",
    })
    void noTwoSitesMayClaimTheSameEids(String one, String other) {
        var a = site("POD-A", 1, plain(one));
        var b = site("POD-B", 2, plain(other));

        assertThatThrownBy(() -> new Sites(List.of(a, b), false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("POD-A")
                .hasMessageContaining("POD-B");
    }

    @Rfc("R-022")
    @Test
    void theSameAddressesInTwoSegmentsAreDifferentEids() {
        var other = SitePrefix.parse(new InstanceId(2), "40.0.0.0/16", true, false);

        assertThat(
                        new Sites(
                                        List.of(
                                                site("POD-A", 1, plain("40.0.0.0/16")),
                                                site("POD-B", 2, other)),
                                        false)
                                .sites())
                .hasSize(2);
    }

    @Test
    void theMostSpecificConfiguredPrefixDecides() {
        var sites =
                sites(
                        plain("40.0.0.0/8"),
                        accelerators("40.0.0.0/16"),
                        plain("name:POD-*"),
                        accelerators("name:POD-D-*"),
                        plain("name:POD-D-spare"));

        assertThat(sites.configured(eid("40.0.0.7"))).contains(accelerators("40.0.0.0/16"));
        assertThat(sites.configured(eid("40.1.0.7"))).contains(plain("40.0.0.0/8"));
        assertThat(sites.configured(eid("name:POD-D-7"))).contains(accelerators("name:POD-D-*"));
        assertThat(sites.configured(eid("name:POD-E-7"))).contains(plain("name:POD-*"));
        assertThat(sites.configured(eid("name:POD-D-spare"))).contains(plain("name:POD-D-spare"));
        assertThat(sites.configured(eid("50.0.0.7"))).isEmpty();
    }

    @Rfc("R-037")
    @Test
    void inASpaceOfAcceleratorsOnlyLongerPrefixesAreAnAnswer() {
        var sites = sites(accelerators("40.0.0.0/16"), plain("41.0.0.0/16"));

        assertThat(sites.leastLength(eid("40.0.0.7"))).isEqualTo(17);
        assertThat(sites.leastLength(eid("40.0.0.0/16"))).isZero();
        assertThat(sites.leastLength(eid("40.0.0.0/8"))).isZero();
        assertThat(sites.leastLength(eid("41.0.0.7"))).isZero();
    }
}
