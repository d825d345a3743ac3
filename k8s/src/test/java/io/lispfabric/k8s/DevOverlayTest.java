package io.lispfabric.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.lispfabric.server.app.ServerConfig;
import io.lispfabric.wire.app.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The manifests agree with each other and with the server: what one file calls a port, a path or a
 * member, the others call the same.
 */
class DevOverlayTest {
    @TempDir private static Path folder = Path.of("");

    private static Manifests manifests = new Manifests(List.of());
    private static StatefulSet members = new StatefulSet();

    @BeforeAll
    static void render() throws IOException, InterruptedException {
        manifests = Manifests.render(Path.of("overlays/dev").toAbsolutePath());
        members = manifests.the(StatefulSet.class);
    }

    private static PodSpec pod() {
        return members.getSpec().getTemplate().getSpec();
    }

    private static Container server() {
        assertThat(pod().getContainers()).hasSize(1);
        return pod().getContainers().getFirst();
    }

    private static List<Container> containers() {
        return Stream.concat(pod().getInitContainers().stream(), pod().getContainers().stream())
                .toList();
    }

    private static Volume volume(String name) {
        return pod().getVolumes().stream()
                .filter(it -> it.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static ContainerPort port(String name) {
        return server().getPorts().stream()
                .filter(it -> it.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> podNames() {
        return IntStream.range(0, members.getSpec().getReplicas())
                .mapToObj(n -> members.getMetadata().getName() + "-" + n)
                .toList();
    }

    /**
     * The settings as a member finds them: its init container really runs, the folders that it
     * mounts stand below a temporary one, and the server's own code reads what it leaves.
     */
    private static ServerConfig settings(String podName)
            throws IOException, InterruptedException, ConfigException {
        var root = Files.createDirectories(folder.resolve(podName));
        for (var container : containers()) {
            for (var mount : container.getVolumeMounts()) {
                var at = Files.createDirectories(root.resolve("." + mount.getMountPath()));
                for (var file : contents(mount.getName()).entrySet()) {
                    Files.writeString(at.resolve(file.getKey()), file.getValue());
                }
            }
        }
        var init = pod().getInitContainers().getFirst();
        var command =
                Stream.concat(init.getCommand().stream(), init.getArgs().stream())
                        .map(word -> below(root, init, word))
                        .toList();
        var log = root.resolve("init.log");
        var builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        for (var variable : init.getEnv()) {
            var field = variable.getValueFrom().getFieldRef().getFieldPath();
            assertThat(field).isEqualTo("metadata.name");
            builder.environment().put(variable.getName(), podName);
        }
        int status = builder.start().waitFor();
        assertThat(status).as(Files.readString(log)).isZero();

        var file = root.resolve("." + server().getCommand().getLast());
        // Only the paths of secrets are read here; they stand below the temporary folder as well.
        Files.writeString(file, below(root, server(), Files.readString(file)));
        return ServerConfig.load(file);
    }

    private static Map<String, String> contents(String volumeName) {
        if (members.getSpec().getVolumeClaimTemplates().stream()
                .anyMatch(it -> it.getMetadata().getName().equals(volumeName))) {
            return Map.of();
        }
        var volume = volume(volumeName);
        if (volume.getConfigMap() != null) {
            var name = volume.getConfigMap().getName();
            return manifests.all(ConfigMap.class).stream()
                    .filter(it -> it.getMetadata().getName().equals(name))
                    .findFirst()
                    .orElseThrow()
                    .getData();
        }
        if (volume.getSecret() != null) {
            var name = volume.getSecret().getSecretName();
            return Manifests.values(
                    manifests.all(Secret.class).stream()
                            .filter(it -> it.getMetadata().getName().equals(name))
                            .findFirst()
                            .orElseThrow());
        }
        return Map.of();
    }

    /** Every path in the text that a container mounts something at, moved below a folder. */
    private static String below(Path root, Container container, String text) {
        var mounts =
                container.getVolumeMounts().stream()
                        .map(it -> Pattern.quote(it.getMountPath() + "/"))
                        .collect(Collectors.joining("|"));
        return Pattern.compile(mounts)
                .matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(root + found.group()));
    }

    @Test
    void aMisspeltFieldIsFound() {
        assertThatThrownBy(() ->
                        Manifests.parse(
                                """
                                apiVersion: apps/v1
                                kind: StatefulSet
                                spec:
                                  replicaz: 3
                                """))
                .hasMessageContaining("replicaz");
        assertThatThrownBy(() ->
                        Manifests.parse(
                                """
                                apiVersion: apps/v1
                                kind: StatefulSet
                                spec:
                                  template:
                                    spec:
                                      containers:
                                        - name: ms
                                          readinessProbe:
                                            httpGet: { pth: /readyz, port: http }
                                """))
                .hasMessageContaining("pth");
    }

    @Test
    void threeMembersComeUpTogetherUnderStableNames() {
        assertThat(members.getSpec().getReplicas()).isEqualTo(3);
        // A member is ready when there is a leader, so the first could never wait for the second.
        assertThat(members.getSpec().getPodManagementPolicy()).isEqualTo("Parallel");
        var service = manifests.the(Service.class);
        assertThat(members.getSpec().getServiceName()).isEqualTo(service.getMetadata().getName());
        assertThat(service.getSpec().getClusterIP()).isEqualTo("None");
        assertThat(service.getSpec().getPublishNotReadyAddresses()).isTrue();
        assertThat(service.getMetadata().getNamespace())
                .isEqualTo(members.getMetadata().getNamespace());
    }

    @Test
    void everySelectorFindsTheMembers() {
        assertFindsTheMembers(members.getSpec().getSelector().getMatchLabels());
        assertFindsTheMembers(manifests.the(Service.class).getSpec().getSelector());
        assertFindsTheMembers(
                manifests.the(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels());
        var apart = pod().getAffinity().getPodAntiAffinity();
        assertThat(apart.getPreferredDuringSchedulingIgnoredDuringExecution()).hasSize(1);
        for (var term : apart.getPreferredDuringSchedulingIgnoredDuringExecution()) {
            var other = term.getPodAffinityTerm();
            assertThat(other.getTopologyKey()).isEqualTo("kubernetes.io/hostname");
            assertFindsTheMembers(other.getLabelSelector().getMatchLabels());
        }
    }

    private static void assertFindsTheMembers(Map<String, String> selector) {
        assertThat(selector).isNotEmpty();
        assertThat(members.getSpec().getTemplate().getMetadata().getLabels())
                .containsAllEntriesOf(selector);
    }

    @Test
    void aMajorityIsNeverEvicted() {
        var budget = manifests.the(PodDisruptionBudget.class).getSpec();
        assertThat(budget.getMinAvailable().getIntVal())
                .isEqualTo(2)
                .isGreaterThan(members.getSpec().getReplicas() / 2);
    }

    @Test
    void theServerTakesTheSettingsOfEveryMember() throws Exception {
        for (var name : podNames()) {
            assertThat(settings(name).member()).isEqualTo(name);
            assertThat(settings(name).sites().sites()).isNotEmpty();
        }
    }

    @Test
    void thePeersAreExactlyThePods() throws Exception {
        var service = manifests.the(Service.class).getMetadata().getName();
        for (var name : podNames()) {
            var peers = settings(name).peers();
            assertThat(peers)
                    .extracting(ServerConfig.Peer::id)
                    .containsExactlyElementsOf(podNames());
            assertThat(peers)
                    .extracting(ServerConfig.Peer::host)
                    .containsExactlyElementsOf(
                            podNames().stream().map(it -> it + "." + service).toList());
            assertThat(peers)
                    .extracting(ServerConfig.Peer::port)
                    .containsOnly(port("raft").getContainerPort());
        }
    }

    @Test
    void portsAreThoseOfTheSettings() throws Exception {
        var settings = settings(podNames().getFirst());
        assertThat(port("lisp").getContainerPort()).isEqualTo(settings.lisp().getPort());
        assertThat(port("lisp").getContainerPort()).isEqualTo(ServerConfig.LISP_PORT);
        assertThat(port("lisp").getProtocol()).isEqualTo("UDP");
        var http = settings.http().orElseThrow();
        assertThat(port("http").getContainerPort()).isEqualTo(http.getPort());
        // The kubelet asks from outside of the pod, an administrator through a port-forward.
        assertThat(http.getAddress().isAnyLocalAddress()).isTrue();
        assertThat(settings.lisp().getAddress().isAnyLocalAddress()).isTrue();
        assertThat(settings.admin().orElseThrow().getAddress().isLoopbackAddress()).isTrue();

        var service = manifests.the(Service.class).getSpec().getPorts();
        assertThat(service).hasSameSizeAs(server().getPorts());
        for (var it : service) {
            var target = port(it.getTargetPort().getStrVal());
            assertThat(it.getProtocol()).isEqualTo(target.getProtocol());
            assertThat(it.getPort()).isEqualTo(target.getContainerPort());
        }
    }

    @Test
    void probesAskTheHttpPort() {
        assertProbe(server().getStartupProbe(), "/livez");
        assertProbe(server().getLivenessProbe(), "/livez");
        assertProbe(server().getReadinessProbe(), "/readyz");
    }

    private static void assertProbe(Probe probe, String path) {
        assertThat(probe.getHttpGet().getPath()).isEqualTo(path);
        assertThat(port(probe.getHttpGet().getPort().getStrVal())).isSameAs(port("http"));
    }

    @Test
    void theDrainHasTimeBeforeTheKill() {
        var lameDuck = server().getLifecycle().getPreStop().getExec().getCommand();
        assertThat(lameDuck).hasSize(2).startsWith("sleep");
        assertThat(pod().getTerminationGracePeriodSeconds())
                .isGreaterThanOrEqualTo(Long.parseLong(lameDuck.getLast()) + 30);
    }

    @Test
    void dataOutlivesThePod() throws Exception {
        var claim = members.getSpec().getVolumeClaimTemplates();
        assertThat(claim).hasSize(1);
        assertThat(claim.getFirst().getSpec().getResources().getRequests()).containsKey("storage");
        var mount =
                server().getVolumeMounts().stream()
                        .filter(it -> it.getName().equals(claim.getFirst().getMetadata().getName()))
                        .findFirst()
                        .orElseThrow();
        var podName = podNames().getFirst();
        assertThat(settings(podName).data()).isEqualTo(Path.of(mount.getMountPath()));
    }

    @Test
    void noContainerIsPrivileged() {
        var user = pod().getSecurityContext();
        assertThat(user.getRunAsNonRoot()).isTrue();
        assertThat(user.getRunAsUser()).isPositive();
        assertThat(user.getFsGroup()).isPositive();
        assertThat(user.getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(pod().getAutomountServiceAccountToken()).isFalse();
        for (var container : containers()) {
            var context = container.getSecurityContext();
            assertThat(context.getReadOnlyRootFilesystem()).isTrue();
            assertThat(context.getAllowPrivilegeEscalation()).isFalse();
            assertThat(context.getCapabilities().getDrop()).containsExactly("ALL");
            assertThat(context.getCapabilities().getAdd()).isEmpty();
            assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
            assertThat(container.getResources().getLimits()).containsKey("memory");
        }
    }

    @Test
    void imagesHaveATagThatDoesNotMove() {
        for (var container : containers()) {
            assertThat(container.getImage())
                    .matches("[a-z0-9./-]+(:[\\w.-]+|@sha256:[0-9a-f]{64})");
            assertThat(container.getImage()).doesNotEndWith(":latest");
        }
    }

    @Test
    void secretsStandInSecretsOnly() {
        var secrets = new ArrayList<String>();
        manifests.all(Secret.class).forEach(it -> secrets.addAll(Manifests.values(it).values()));
        assertThat(secrets).isNotEmpty().allSatisfy(it -> assertThat(it).isNotBlank());
        for (var settings : manifests.all(ConfigMap.class)) {
            assertThat(settings.getData().values())
                    .allSatisfy(text -> assertThat(text).doesNotContain(secrets));
        }
        for (var container : containers()) {
            assertThat(container.getEnv())
                    .allSatisfy(it -> assertThat(String.valueOf(it.getValue())).isNotIn(secrets));
        }
    }
}
