package io.lispfabric.k8s;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The objects that a kustomization stands for, read so strictly that a misspelt field is found. */
record Manifests(List<HasMetadata> objects) {
    private static final Map<String, Class<? extends HasMetadata>> KINDS =
            Map.of(
                    "v1/Namespace", Namespace.class,
                    "v1/ConfigMap", ConfigMap.class,
                    "v1/Secret", Secret.class,
                    "v1/Service", Service.class,
                    "apps/v1/StatefulSet", StatefulSet.class,
                    "policy/v1/PodDisruptionBudget", PodDisruptionBudget.class);

    Manifests {
        objects = List.copyOf(objects);
    }

    /**
     * What {@code kubectl kustomize} makes of a folder.
     *
     * @throws IOException when there is no kubectl, or it refuses the folder, saying why
     */
    static Manifests render(Path kustomization) throws IOException, InterruptedException {
        var path = System.getenv().getOrDefault("PATH", "");
        var kubectl =
                Stream.of(path.split(File.pathSeparator))
                        .map(folder -> Path.of(folder, "kubectl"))
                        .filter(Files::isExecutable)
                        .findFirst()
                        .orElseThrow(() ->
                                new IOException(
                                        "no kubectl in the PATH, which renders the manifests:"
                                                + " .ci/packages installs one (Debian's package"
                                                + " kubernetes-client)"));
        // Into files: a pipe that nobody reads would block it. It needs no cluster, and shall not
        // look for one.
        var out = Files.createTempFile("manifests", ".yaml");
        var err = Files.createTempFile("manifests", ".err");
        try {
            var builder =
                    new ProcessBuilder(kubectl.toString(), "kustomize", kustomization.toString())
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile());
            builder.environment().put("KUBECONFIG", "/dev/null");
            int status = builder.start().waitFor();
            if (status != 0) {
                throw new IOException(
                        kubectl
                                + " kustomize "
                                + kustomization
                                + ": exit "
                                + status
                                + ": "
                                + Files.readString(err));
            }
            return parse(Files.readString(out));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /**
     * @throws IOException when a document is of a kind that we do not deploy, or has a field that
     *     its kind does not have
     */
    static Manifests parse(String yaml) throws IOException {
        var mapper = strict();
        var objects = new ArrayList<HasMetadata>();
        try (var documents = mapper.readerFor(JsonNode.class).<JsonNode>readValues(yaml)) {
            while (documents.hasNext()) {
                var document = documents.next();
                var kind =
                        document.path("apiVersion").asText() + "/" + document.path("kind").asText();
                var type = KINDS.get(kind);
                if (type == null) {
                    throw new IOException("no manifest of ours should be a " + kind);
                }
                objects.add(mapper.treeToValue(document, type));
            }
        }
        return new Manifests(objects);
    }

    /**
     * The model keeps fields that it does not know, as a client must that is older than its server.
     * Here they are mistakes, so its place for them is hidden from the mapper.
     */
    private static ObjectMapper strict() {
        return YAMLMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .annotationIntrospector(
                        new JacksonAnnotationIntrospector() {
                            private static final long serialVersionUID = 1;

                            @Override
                            public Boolean hasAnySetter(Annotated annotated) {
                                return false;
                            }
                        })
                .build();
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return objects.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The one object of a kind. */
    <T extends HasMetadata> T the(Class<T> kind) {
        var all = all(kind);
        if (all.size() != 1) {
            throw new AssertionError(all.size() + " objects are a " + kind.getSimpleName());
        }
        return all.getFirst();
    }

    /** The values of a Secret, as a container sees them. */
    static Map<String, String> values(Secret secret) {
        var values = new TreeMap<String, String>();
        secret.getData()
                .forEach((name, value) ->
                        values.put(
                                name,
                                new String(
                                        Base64.getDecoder().decode(value),
                                        StandardCharsets.UTF_8)));
        return values;
    }
}
