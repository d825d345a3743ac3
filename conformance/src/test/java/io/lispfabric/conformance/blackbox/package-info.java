@NullMarked
package io.lispfabric.conformance.blackbox;

import org.jspecify.annotations.NullMarked;
