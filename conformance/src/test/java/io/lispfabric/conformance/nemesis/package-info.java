@NullMarked
package io.lispfabric.conformance.nemesis;

import org.jspecify.annotations.NullMarked;
