package io.lispfabric.xtr.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lispfabric.lcaf.Bytes;
import io.lispfabric.lcaf.LispAddress;
import io.lispfabric.lcaf.LispAddress.Ip;
import io.lispfabric.lcaf.Rfc;
import io.lispfabric.wire.app.ConfigException;
import io.lispfabric.wire.app.Settings;
import io.lispfabric.wire.auth.Algorithm;
import io.lispfabric.wire.auth.LispSecHmac;
import io.lispfabric.wire.auth.LispSecKdf;
import io.lispfabric.xtr.core.Protecting;
import io.lispfabric.xtr.forward.Encapsulation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
    private static final String LEAST =
            """
            name: D1
            rloc: 192.0.2.13
            xtr-id: d1
            site-id: 4
            domains:
              - name: scale-up
                map-servers: [192.0.2.250]
                key: {secret-file: pod.key}
                routes: ["[1]40.0.0.0/16", "[100]*"]
            """;

    @TempDir private Path folder;

    @BeforeEach
    void writeKey() throws Exception {
        Files.writeString(folder.resolve("pod.key"), "a-secret-of-the-pod\n");
    }

    /** The Map-Server would take what one domain says for what the other said, played again. */
    @Test
    void twoDomainsHaveNoMapServerInCommon() {
        var twice =
                LEAST
                        + """
                          - name: scale-out
                            map-servers: [192.0.2.251, 192.0.2.250]
                            key: {secret-file: pod.key}
                            routes: ["[2]10.0.0.0/8"]
                        """;
        assertThatThrownBy(() -> parse(twice))
                .hasMessageContaining("domains[1].map-servers: are those of domain scale-up too");
    }

    @Test
    void whoAnswersMapRequestsItselfHasThePortThatTheyGoTo() {
        var answers = LEAST + "    proxy-reply: false\n";
        assertThatThrownBy(() -> parse("control-port: 14342\n" + answers))
                .hasMessageContaining("can be false only with control-port: 4342");
    }

    @Test
    @Rfc("9301 §1.1")
    void everyDefault() throws Exception {
        var config = parse(LEAST);
        var domain = config.domains().getFirst();
        var defaults =
                """
                state               %s
                control-port        %d
                lisp-port           %d
                vxlan-gpe-port      %d
                record-ttl          %s
                priority            %d
                weight              %d
                map-cache-entries   %d
                vendors             %s
                re-encapsulate      %s
                admin.listen        %s
                http.listen         %s
                database            %s
                attachments         %s
                domains.map-servers %s
                domains.key.id      %d
                domains.key.algorithms %s
                domains.encapsulation  %s
                domains.subscribe   %s
                domains.proxy-reply %s
                domains.lisp-sec    %s
                """
                        .formatted(
                                text(config.state()),
                                config.controlPort(),
                                config.lispPort(),
                                config.vxlanGpePort(),
                                config.recordTtl(),
                                config.priority(),
                                config.weight(),
                                config.mapCacheEntries(),
                                config.vendors(),
                                config.reEncapsulate(),
                                text(config.adminListen()),
                                text(config.httpListen()),
                                config.database(),
                                config.attachments(),
                                domain.mapServers().getFirst().getPort(),
                                domain.key().keyId(),
                                domain.key().algorithms().stream().map(Algorithm::id).toList(),
                                domain.encapsulation().label(),
                                domain.subscribe(),
                                domain.proxyReply(),
                                text(domain.protecting()));

        assertThat(defaults)
                .isEqualTo(
                        """
                        state               none
                        control-port        4342
                        lisp-port           4341
                        vxlan-gpe-port      4790
                        record-ttl          1440m
                        priority            1
                        weight              50
                        map-cache-entries   65536
                        vendors             []
                        re-encapsulate      false
                        admin.listen        none
                        http.listen         none
                        database            []
                        attachments         []
                        domains.map-servers 4342
                        domains.key.id      0
                        domains.key.algorithms [3]
                        domains.encapsulation  vxlan-gpe
                        domains.subscribe   []
                        domains.proxy-reply true
                        domains.lisp-sec    none
                        """);
        assertThat(
                        AgentConfig.of(
                                config.name(), config.rloc(), config.identity(), config.domains()))
                .isEqualTo(config);
    }

    @Test
    @Rfc("R-024")
    @Rfc("R-111")
    void everySetting() throws Exception {
        var config =
                parse(
                        """
                        name: D3
                        rloc: 192.0.2.15
                        xtr-id: 0d3
                        site-id: 18446744073709551615
                        state: nonces
                        control-port: 14342
                        lisp-port: 14341
                        vxlan-gpe-port: 14790
                        record-ttl: 2h
                        priority: 2
                        weight: 0
                        map-cache-entries: 1000
                        vendors: [02005e]
                        re-encapsulate: true
                        admin: {listen: "127.0.0.1:24443"}
                        http: {listen: "127.0.0.1:24080"}
                        domains:
                          - name: scale-up
                            map-servers: ["192.0.2.250:5000", 192.0.2.251]
                            key: {id: 7, secret-file: pod.key, algorithms: [2, 3], legacy-secret: true}
                            encapsulation: lisp
                            routes: ["[1]40.0.0.0/16", "[1]239.0.0.0/8", "[100]*"]
                            subscribe: ["[1]40.0.0.0/16"]
                          - name: scale-out
                            map-servers: [192.0.2.252]
                            key: {secret-file: pod.key}
                            routes: ["[1]0.0.0.0/0"]
                            groups: ["[1]239.1.1.1"]
                        database:
                          - eid: "[1]40.0.0.0/16"
                            domains: [scale-up, scale-out]
                          - eid: "[1]0.0.0.0/0"
                            domains: [scale-up]
                        attachments:
                          - name: acc7
                            eids: ["[1]40.0.0.7", "[100]name:POD-D-AccID-7"]
                            listen: 127.0.0.1:7007
                            deliver: 127.0.0.1:7107
                            metadata: "02005e:475055"
                            groups: ["[1]239.1.1.1", "[1](10.0.0.1,239.1.1.2)"]
                        """);

        assertThat(config.rloc()).isEqualTo(Ip.parse("192.0.2.15"));
        assertThat(config.identity().siteId().toString()).isEqualTo("18446744073709551615");
        assertThat(config.state()).contains(folder.resolve("nonces"));
        assertThat(config.recordTtl()).hasToString("120m");
        assertThat(config.reEncapsulate()).isTrue();
        assertThat(config.adminListen()).isPresent();
        assertThat(config.domains().getFirst().encapsulation()).isEqualTo(Encapsulation.LISP);
        assertThat(config.domains().getFirst().key().algorithms()).hasSize(2);
        assertThat(config.domains().getFirst().mapServers().get(1).getPort()).isEqualTo(4342);
        assertThat(config.database()).hasSize(2);
        assertThat(config.attachments().getFirst().deliver()).isPresent();
        assertThat(config.vendors()).containsExactly(0x02005E);
        assertThat(config.domains().getLast().groups())
                .extracting(Object::toString)
                .containsExactly("[1](*,239.1.1.1)");
        assertThat(config.attachments().getFirst().groups())
                .extracting(Object::toString)
                .containsExactly("[1](*,239.1.1.1)", "[1](10.0.0.1/32,239.1.1.2)");
        assertThat(config.attachments().getFirst().metadata())
                .contains(new LispAddress.Vendor(0x02005E, Bytes.ofHex("475055")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    eids: ["[1](*,239.1.1.1)"]                         | it belongs under 'groups'
                    eids: ["[1]40.0.0.7"], groups: ["[1]40.0.0.8"]     | not a group: '[1]40.0.0.8'
                    eids: ["[1]40.0.0.7"], groups: ["[1]239.0.0.0/8"]  | not a group: '[1]239.0.0.0/8'
                    eids: ["[1]40.0.0.7"], metadata: "02005f:01"       | acc7: metadata of a vendor that is not in vendors
                    eids: ["[1]40.0.0.7"], groups: ["[7]239.1.1.1"]    | no domain has a route for [7](*,239.1.1.1)
                    eids: ["[1]40.0.0.7", "[1]40.0.0.7"]               | attachment acc7: [1]40.0.0.7/32 is there twice
                    """)
    void whatAnAttachmentCannotHaveIsSaid(String settings, String complaint) {
        assertThatThrownBy(
                        () -> parse(LEAST + "attachments:\n  - {name: acc7, " + settings + "}\n"))
                .hasMessageContaining(complaint);
    }

    @Test
    void anEidIsOfOneAttachment() {
        assertThatThrownBy(() ->
                        parse(
                                LEAST
                                        + "attachments: [{name: a, eids: [\"[1]40.0.0.7\"]},"
                                        + " {name: b, eids: [\"[1]40.0.0.7\"]}]"))
                .hasMessageContaining("attachment b: [1]40.0.0.7/32 is in attachment a too");
    }

    @Test
    void aGroupIsCarriedBetweenTwoDomains() {
        assertThatThrownBy(() -> parse(LEAST + "    groups: [\"[100]239.1.1.1\"]\n"))
                .hasMessageContaining(
                        "no other domain has the longest route for [100](*,239.1.1.1)");
    }

    private AgentConfig protectedBy(String lispSec) throws Exception {
        Files.writeString(folder.resolve("itr.key"), "a-secret-of-the-itrs");
        return parse(LEAST + "    proxy-reply: false\n    lisp-sec: " + lispSec + "\n");
    }

    @Test
    @Rfc("9303 §6.4")
    @Rfc("9303 §6.5")
    void lispSecHasASecretOfItsOwnAndPreferences() throws Exception {
        var domain = protectedBy("{key: {id: 5, secret-file: itr.key}}").domains().getFirst();
        assertThat(domain.proxyReply()).isFalse();
        var least = domain.protecting().orElseThrow();
        assertThat(least).isEqualTo(Protecting.with(least.key()));
        assertThat(least.downgrades()).isFalse();
        assertThat(least.hmacs()).containsExactly(LispSecHmac.SHA256_128, LispSecHmac.SHA1_96);
        assertThat(domain.toString()).doesNotContain("secret-of");

        var strict =
                protectedBy(
                                "{key: {secret-file: itr.key}, downgrade: true, hmacs: [2], kdfs:"
                                        + " [1, 2]}")
                        .domains()
                        .getFirst()
                        .protecting()
                        .orElseThrow();
        assertThat(strict.downgrades()).isTrue();
        assertThat(strict.hmacs()).containsExactly(LispSecHmac.SHA256_128);
        assertThat(strict.kdfs()).containsExactly(LispSecKdf.HKDF_SHA1_128, LispSecKdf.HKDF_SHA256);

        assertThatThrownBy(() -> protectedBy("{key: {secret-file: pod.key}}"))
                .hasMessageContaining("must be independent of the domain's key");
        assertThatThrownBy(() -> protectedBy("{key: {secret-file: itr.key}, hmacs: [3]}"))
                .hasMessageContaining("must be 1 or 2, not '3'");
        assertThatThrownBy(() -> protectedBy("{hmacs: [2]}"))
                .hasMessageContaining("needs either secret-file or secret-env");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    rloc: 192.0.2.13     | rlok: 192.0.2.13         | agent.yaml:1: rloc: is missing
                    site-id: 4           | site-id: 4\\nweigth: 3    | agent.yaml:5: weigth: is not a setting; did you mean weight?
                    site-id: 4           | site-id: 4\\ncontrol-port: 4341 | agent.yaml:5: control-port: must not be 4341 (RFC 9301 §5.8)
                    rloc: 192.0.2.13     | rloc: 224.0.0.1          | agent.yaml:2: rloc: not a unicast address: 224.0.0.1
                    site-id: 4           | site-id: four            | agent.yaml:4: site-id: For input string: "four"
                    xtr-id: d1           | xtr-id: xyz              | agent.yaml:3: xtr-id: an xTR-ID is 1 to 32 hexadecimal digits: 'xyz'
                    pod.key              | no.key                   | cannot read
                    "[100]*"             | "[100"                   | agent.yaml:9: domains[0].routes: not an EID: '[100' (expected [iid]prefix)
                    "[100]*"             | "[1]40.0.0.0/16"         | agent.yaml:5: domains: two have the route [1]40.0.0.0/16
                    [192.0.2.250]        | []                       | domain scale-up has no map-servers
                    site-id: 4           | site-id: 4\\npriority: 255 | agent.yaml:5: priority: must be a number from 0 to 254, not '255'
                    """)
    @Rfc("9301 §5.2")
    @Rfc("9301 §5.4")
    @Rfc("9301 §8.2")
    void aMistakeIsOneLineThatSaysWhere(String good, String bad, String problem) {
        assertThatThrownBy(() -> parse(LEAST.replace(good, bad.replace("\\n", "\n"))))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(problem)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void anAttachmentMustHaveADomainAndADatabaseEntryAKnownOne() {
        assertThatThrownBy(() -> parse(LEAST + "attachments: [{name: a, eids: [\"[1]50.0.0.1\"]}]"))
                .hasMessageContaining(
                        "agent.yaml:10: attachments: no domain has a route for [1]50.0.0.1/32");
        assertThatThrownBy(() ->
                        parse(LEAST + "database: [{eid: \"[1]40.0.0.0/16\", domains: [other]}]"))
                .hasMessageContaining("no domain is named other");
    }

    private AgentConfig parse(String yaml) throws ConfigException {
        return AgentConfig.from(Settings.parse(folder.resolve("agent.yaml").toString(), yaml));
    }

    private static String text(Optional<?> value) {
        return value.isEmpty() ? "none" : value.get().toString();
    }
}
