package io.lispfabric.conformance;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The drawing in ARCHITECTURE.md, checked. */
class ArchitectureTest {
    private static final String ROOT = "io.lispfabric.";

    private static final JavaClasses ALL =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages("io.lispfabric");

    /** What protoc and JMH wrote is not ours to judge. */
    private static final DescribedPredicate<JavaClass> OURS =
            DescribedPredicate.not(
                    resideInAnyPackage("..server.api..", "..xtr.api..", "..jmh_generated.."));

    private static final String[] SHELLS = {
        "io.netty..",
        "org.apache.ratis..",
        "org.rocksdb..",
        "io.grpc..",
        "io.prometheus..",
        "com.google.protobuf..",
        "org.snakeyaml..",
        "info.picocli..",
        "picocli.."
    };

    /** Without this, a rule about no classes would hold for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "lcaf",
                "wire",
                "wire.auth",
                "wire.udp",
                "wire.encap",
                "wire.text",
                "wire.capture",
                "wire.app",
                "store",
                "store.ratis",
                "store.rocks",
                "server.core",
                "server.app",
                "xtr.core",
                "xtr.forward",
                "xtr.app",
                "cli"
            })
    void everyRoomOfTheDrawingIsThere(String room) {
        assertThat(ALL.stream().map(JavaClass::getPackageName)).contains(ROOT + room);
    }

    /** Each module, and what it may know of the others. */
    @ParameterizedTest
    @CsvSource({
        "lcaf, ''",
        "wire, lcaf",
        "store, ''",
        "server, lcaf wire store",
        "xtr, lcaf wire",
        "cli, lcaf wire store server xtr"
    })
    void arrowsPointAtWhatAModuleMayUse(String module, String allowed) {
        var known = new TreeSet<>(Set.of((module + " " + allowed).strip().split(" +")));
        var foreign =
                Set.of("lcaf", "wire", "store", "server", "xtr", "cli", "conformance").stream()
                        .filter(it -> !known.contains(it))
                        .map(it -> ROOT + it + "..")
                        .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(ROOT + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(foreign)
                .check(ALL);
    }

    /** Else it would forgive us every mistake that it makes as well. */
    @Test
    void whatJudgesOtherServersSharesNothingWithOurs() {
        classes()
                .that()
                .resideInAPackage(ROOT + "conformance.blackbox..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.crypto..",
                        "org.jspecify.annotations..",
                        ROOT + "conformance.blackbox..")
                .check(ALL);
    }

    @Test
    void lcafUsesTheJdkOnly() {
        classes()
                .that()
                .resideInAPackage(ROOT + "lcaf..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify.annotations..", ROOT + "lcaf..")
                .check(ALL);
    }

    /** Protocol logic, headers and paths; what is not built yet may be missing. */
    @ParameterizedTest
    @CsvSource({
        "lcaf, false",
        "wire, false",
        "wire.auth, false",
        "wire.encap, false",
        "wire.text, false",
        "wire.capture, false",
        "store, false",
        "server.core, false",
        "xtr.core, false",
        "xtr.forward, false",
        "xtr.path, true",
        "xtr.probe, true",
        "xtr.fabric, true"
    })
    void theCoreKnowsNoShell(String room, boolean mayBeMissing) {
        noClasses()
                .that()
                .resideInAPackage(ROOT + room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SHELLS)
                .allowEmptyShould(mayBeMissing)
                .check(ALL);
    }

    @ParameterizedTest
    @CsvSource({
        "lcaf, false",
        "wire, false",
        "wire.auth, false",
        "wire.encap, false",
        "wire.text, false",
        "wire.capture, false",
        "store, false",
        "server.core, false",
        "xtr.core, false",
        "xtr.forward, false",
        "xtr.path, true",
        "xtr.probe, true",
        "xtr.fabric, true"
    })
    void timeAndChanceAreBroughtInFromOutside(String room, boolean mayBeMissing) {
        noClasses()
                .that()
                .resideInAPackage(ROOT + room)
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(
                        Clock.class,
                        InstantSource.class,
                        java.util.Random.class,
                        java.security.SecureRandom.class,
                        java.util.concurrent.ThreadLocalRandom.class)
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(RandomGenerator.class, "getDefault")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID")
                .allowEmptyShould(mayBeMissing)
                .check(ALL);
    }

    @ParameterizedTest
    @CsvSource({
        "lcaf, false",
        "wire, false",
        "wire.auth, false",
        "wire.encap, false",
        "wire.text, false",
        "wire.capture, false",
        "server.core, false",
        "xtr.core, false",
        "xtr.path, true",
        "xtr.probe, true",
        "xtr.fabric, true"
    })
    void theCoreHasNoThreads(String room, boolean mayBeMissing) {
        noClasses()
                .that()
                .resideInAPackage(ROOT + room)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent..")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .allowEmptyShould(mayBeMissing)
                .check(ALL);
    }

    @Test
    void nobodyReadsTheClockBehindTheInstantSource() {
        noClasses().should().callMethod(Instant.class, "now").check(ALL);
    }

    /**
     * Each library lives in one room, and appears in no signature outside it. Conformance adds
     * commands to {@code lispctl} in a room of its own.
     */
    @ParameterizedTest
    @CsvSource({
        "io.netty.., wire.udp",
        "org.apache.ratis.., store.ratis",
        "org.rocksdb.., store.rocks",
        "org.bouncycastle.., wire.auth",
        "org.snakeyaml.., wire.app",
        "picocli.., cli conformance.command"
    })
    void aLibraryLivesInOneRoom(String library, String rooms) {
        var room = rooms.split(" ")[0];
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        Stream.of(rooms.split(" "))
                                .map(it -> ROOT + it + "..")
                                .toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(ALL);
        assertThat(
                        ALL.stream()
                                .filter(it -> it.getPackageName().equals(ROOT + room))
                                .flatMap(it -> it.getDirectDependenciesFromSelf().stream())
                                .map(it -> it.getTargetClass().getPackageName() + "."))
                .as("%s is used in %s", library, room)
                .anyMatch(it -> it.startsWith(library.substring(0, library.length() - 1)));
    }

    @Test
    void grpcIsSpokenByShellsAndClientsOnly() {
        noClasses()
                .that(OURS)
                .and()
                .resideOutsideOfPackages(
                        ROOT + "server.app..",
                        ROOT + "xtr.app..",
                        ROOT + "cli..",
                        ROOT + "conformance.bench..") // etcd is asked by gRPC
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.grpc..", "com.google.protobuf..")
                .check(ALL);
    }

    @Test
    void everyPackageIsNullMarked() {
        assertThat(
                        ALL.stream()
                                .filter(OURS)
                                .map(JavaClass::getPackage)
                                .filter(it -> !it.isAnnotatedWith(NullMarked.class))
                                .map(JavaPackage::getName)
                                .distinct())
                .isEmpty();
    }

    @Test
    void aNameSaysWhatAThingIs() {
        noClasses()
                .that(OURS)
                .should()
                .haveNameMatching(".*(Manager|Helper|Helpers|Util|Utils|Impl)(\\$.*)?")
                .orShould()
                .haveNameMatching(".*[.$]I[A-Z][a-z]+[A-Z]?[A-Za-z]*")
                .check(ALL);
    }
}
