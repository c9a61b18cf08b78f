# A TCP wire knows connections only, so its faults are for everybody.
Feature: store

  Scenario: the store is cut, slow, at another place, hangs, is not to be reached, refuses, and comes back
    Given the experiment "outage/store"
    When the baseline phase "baseline" lasts 2s
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "cut" lasts 1.5s
    And "store" resets its connections once for everybody
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "slow" lasts 1.3s
    And "store" has a latency of 100ms for everybody
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "moved" lasts 11s
    And "store" has moved for everybody
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "hang" lasts 3.6s
    And "store" hangs for everybody
    And stream "listOrders" sends 3.5 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "unreachable" lasts 2.2s
    And "store" cannot be reached for everybody
    And stream "listOrders" sends 5 requests per second of "listOrders", with constant arrivals, each recorded
    When the fault phase "down" lasts 3.6s
    And "store" refuses connections for everybody
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 11s
    And stream "listOrders" sends 15 requests per second of "listOrders", with constant arrivals, each recorded
    Then the claim "resilience/timeout-connect/store" is judged
    And the claim "resilience/db-outage/store" is judged
    And the claim "resilience/reconnects-after-move/store" is judged
    And the claim "resilience/timeout-bounds-hang/store" is judged
    And the claim "resilience/recovers-after-outage/store" is judged

  Scenario: a cache hangs, refuses, and comes back
    Given the experiment "outage/cache"
    When the baseline phase "baseline" lasts 2s
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    When the fault phase "hang" lasts 5s
    And "cache" hangs for everybody
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    When the fault phase "down" lasts 5s
    And "cache" refuses connections for everybody
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    When the recovery phase "recovery" lasts 11s
    And stream "getProduct" sends 30 requests per second of "getProduct", with constant arrivals, each recorded
    Then the claim "resilience/cache-outage/cache" is judged
    And the claim "resilience/recovers-after-outage/cache" is judged
